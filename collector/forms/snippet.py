"""The script that puts a form into somebody's page: the same form, sent without leaving the page."""

from __future__ import annotations

import json

from collector.forms.definition import Form

STYLE = "".join(
    f":where(.millrace-form) :where({what}){{{how}}}"
    for what, how in {
        ".field": "margin:0 0 1em",
        "label": "display:block;margin:0 0 .25em;font-weight:600",
        ".optional,.check label": "font-weight:400",
        ".optional,.help": "opacity:.75",
        "input:not([type=checkbox]),select": "font:inherit;width:100%;max-width:28em;box-sizing:border-box;"
        "padding:.5em .6em;border:1px solid #8a93a3;border-radius:.35em",
        ".check": "display:flex;gap:.6em;align-items:baseline;max-width:30em",
        ".help": "margin:0 0 .25em;font-size:.9em",
        ".wrong,.millrace-said[role=alert]": "color:#b3261e;font-weight:600;margin:.3em 0 .6em",
        "button": "font:inherit;padding:.6em 1.3em;cursor:pointer",
    }.items()
)
SCRIPT = """(function () {
  "use strict";
  var here = document.currentScript, given = %s;
  var holder = document.createElement("div");
  holder.innerHTML = given.html;
  var form = holder.firstChild, trap = form.querySelector(".trap");
  // By script, for a page's policy may forbid inline styles.
  trap.style.cssText = "position:absolute;left:-10000px;width:1px;height:1px;overflow:hidden";
  // Of no weight against the page's own rules, and allowed where its policy forbids inline styles.
  try {
    var style = new CSSStyleSheet();
    style.replaceSync(given.style);
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, style];
  } catch (error) { /* an old browser shows the form in the page's own styles alone */ }
  var target = here && here.getAttribute("data-target");
  var place = target && document.querySelector(target);
  var parent = here && here.parentNode;
  if (place) place.appendChild(form);
  else if (parent && parent !== document.head) parent.insertBefore(form, here.nextSibling);
  else document.body.appendChild(form);

  function device() {
    try {
      var sdk = window.analytics && window.analytics.user && window.analytics.user();
      var known = (sdk && sdk.anonymousId && sdk.anonymousId()) || window.localStorage.getItem("ajs_anonymous_id");
      return known ? String(known).replace(/^"|"$/g, "") : null;
    } catch (error) { return null; }
  }
  function say(text, wrong) {
    var old = form.querySelector(".millrace-said");
    if (old) old.remove();
    var said = document.createElement("p");
    said.className = "millrace-said";
    said.setAttribute("role", wrong ? "alert" : "status");
    said.textContent = text;
    return said;
  }
  function mark(errors) {
    form.querySelectorAll(".wrong").forEach(function (old) { old.remove(); });
    form.querySelectorAll("[aria-invalid]").forEach(function (old) {
      old.removeAttribute("aria-invalid");
      old.removeAttribute("aria-describedby");
    });
    var first = null;
    Object.keys(errors).forEach(function (name) {
      var field = form.elements[name];
      if (!field) return;
      var told = document.createElement("p");
      told.className = "wrong";
      told.id = field.id + "-wrong";
      told.textContent = errors[name];
      field.setAttribute("aria-invalid", "true");
      field.setAttribute("aria-describedby", told.id);
      field.closest(".field").appendChild(told);
      first = first || field;
    });
    if (first) first.focus();
  }
  form.addEventListener("submit", function (event) {
    event.preventDefault();
    var button = form.querySelector("button"), body = { page: location.href, anonymous_id: device() };
    new FormData(form).forEach(function (value, name) { body[name] = value; });
    button.disabled = true;
    fetch(given.url, {
      method: "POST", credentials: "omit", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body)
    }).then(function (answer) {
      return answer.json().then(function (told) { return { ok: answer.ok, told: told }; });
    }).then(function (result) {
      mark(result.told.fields || {});
      if (!result.ok) form.insertBefore(say(result.told.message, true), button);
      else if (result.told.redirect) location.assign(result.told.redirect);
      else form.replaceWith(say(result.told.message, false));
    }).catch(function () {
      form.insertBefore(say("This could not be sent. Please try again in a moment.", true), button);
    }).then(function () { button.disabled = false; });
  });
})();
"""


def snippet(form: Form, url: str, html: str) -> str:
    """The script of one form; `url` is the public address that it posts to."""
    # JSON may hold two line ends that a script may not, and `<` would end a script element.
    given = json.dumps({"url": url, "html": html, "style": STYLE})
    safe = given.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return SCRIPT % safe
