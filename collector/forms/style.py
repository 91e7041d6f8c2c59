"""How our own pages look, by day and by night; one block inside the page, known to its policy by its hash."""

from __future__ import annotations

import base64
import hashlib

STYLE = """
:root{color-scheme:light dark;--ink:#1d2430;--soft:#5b6472;--paper:#fff;--ground:#f3f4f7;--line:#8a93a3;--main:#1f4fd8;
--on-main:#fff;--bad:#b3261e;--bad-soft:#fdeceb}
@media (prefers-color-scheme:dark){:root{--ink:#edf0f5;--soft:#b0b8c5;--paper:#1b212b;--ground:#11151b;--line:#7f8896;
--main:#9db8ff;--on-main:#10131a;--bad:#ffb4ab;--bad-soft:#3b1f1e}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,
"Helvetica Neue",sans-serif}
main{max-width:31rem;margin:0 auto;padding:clamp(1rem,6vh,4rem) 1rem}
.card{background:var(--paper);border-radius:.9rem;padding:clamp(1.25rem,5vw,2.25rem);
box-shadow:0 1px 2px rgb(0 0 0/.08),0 8px 28px rgb(0 0 0/.07)}
h1{font-size:1.6rem;line-height:1.25;margin:0 0 .5rem;letter-spacing:-.01em}
p{margin:0 0 1rem}
.intro{color:var(--soft);margin-bottom:1.5rem}
.field{margin:0 0 1.15rem}
label{display:block;font-weight:600;margin:0 0 .3rem}
.optional{font-weight:400;color:var(--soft)}
.help{color:var(--soft);font-size:.9rem;margin:0 0 .3rem}
input:not([type=checkbox]),select{width:100%;font:inherit;color:inherit;background:var(--paper);
border:1px solid var(--line);border-radius:.5rem;padding:.65rem .75rem;min-height:2.9rem}
input:focus-visible,select:focus-visible,button:focus-visible,
a:focus-visible{outline:3px solid var(--main);outline-offset:2px}
[aria-invalid=true]:not([type=checkbox]){border-color:var(--bad);border-width:2px}
.wrong{color:var(--bad);font-size:.92rem;font-weight:600;margin:.35rem 0 0}
.summary{background:var(--bad-soft);color:var(--bad);border-radius:.5rem;padding:.75rem 1rem;margin:0 0 1.25rem}
.summary p{margin:0;font-weight:600}.summary ul{margin:.35rem 0 0;padding-left:1.1rem}.summary a{color:inherit}
.check{display:flex;gap:.7rem;align-items:flex-start}
.check label{font-weight:400;margin:0}
.check input{width:1.25rem;height:1.25rem;margin:.15rem 0 0;flex:none;accent-color:var(--main)}
button{font:inherit;font-weight:600;cursor:pointer;border-radius:.5rem;padding:.75rem 1.4rem;min-height:2.9rem;
border:1px solid var(--main);background:var(--main);color:var(--on-main);width:100%;margin-top:.35rem}
button.second{background:none;color:var(--main);margin-top:.75rem}
.trap{position:absolute;left:-10000px;width:1px;height:1px;overflow:hidden}
fieldset{border:0;padding:0;margin:0 0 1rem}legend{font-weight:600;padding:0;margin:0 0 .5rem}
""".replace("\n", "")
STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
