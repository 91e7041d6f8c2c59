{# The rules of the lead score: what is counted (a column of int_leads__signals and the time it was last true),
   how many points each occurrence gives, the most a rule can give, and after how many days points expire
   (none: fit, which does not wear off). One line is one rule; the contributions and the score follow. #}
{% macro lead_rules() %}
    {{ return([
        {'rule': 'fit_industry', 'category': 'fit', 'signal': 'has_fit_industry', 'points': 10, 'cap': 10,
         'expires_days': none, 'reason': 'works in an industry we serve well'},
        {'rule': 'fit_company_size', 'category': 'fit', 'signal': 'has_fit_size', 'points': 10, 'cap': 10,
         'expires_days': none, 'reason': 'works for a company of 50 people or more'},
        {'rule': 'fit_job_title', 'category': 'fit', 'signal': 'has_deciding_title', 'points': 10, 'cap': 10,
         'expires_days': none, 'reason': 'has a title that decides'},
        {'rule': 'visits', 'category': 'engagement', 'signal': 'visits_30d', 'points': 1, 'cap': 15,
         'expires_days': 30, 'last': 'last_visit_at', 'reason': 'visited the site'},
        {'rule': 'product_views', 'category': 'engagement', 'signal': 'product_views_30d', 'points': 1, 'cap': 10,
         'expires_days': 30, 'last': 'last_product_view_at', 'reason': 'looked at products'},
        {'rule': 'carts', 'category': 'engagement', 'signal': 'carts_30d', 'points': 5, 'cap': 10,
         'expires_days': 30, 'last': 'last_cart_at', 'reason': 'put something into the cart'},
        {'rule': 'forms', 'category': 'engagement', 'signal': 'forms_90d', 'points': 15, 'cap': 30,
         'expires_days': 90, 'last': 'last_form_at', 'reason': 'sent a form'},
        {'rule': 'opens', 'category': 'engagement', 'signal': 'opened_90d', 'points': 1, 'cap': 5,
         'expires_days': 90, 'last': 'last_opened_at', 'reason': 'opened a message'},
        {'rule': 'clicks', 'category': 'engagement', 'signal': 'clicked_90d', 'points': 5, 'cap': 20,
         'expires_days': 90, 'last': 'last_clicked_at', 'reason': 'clicked in a message'},
        {'rule': 'unsubscribed', 'category': 'engagement', 'signal': 'has_left', 'points': -20, 'cap': -20,
         'expires_days': none, 'reason': 'does not want our messages'},
    ]) }}
{% endmacro %}
