"""Texts of strangers stay text in the report: no element, attribute or address of theirs comes to life (H1)."""

from html.parser import HTMLParser

import pytest
from test_report import CARD, CLAIM, SHIFTS, page  # noqa: F401

pytestmark = pytest.mark.fuzz

DOES = "alert(1)"
MARKUP = [
    f"<script>{DOES}</script>",
    f"<SCRIPT SRC=//evil.example/x.js>{DOES}</SCRIPT>",
    f"<img src=x onerror={DOES}>",
    f"<svg onload={DOES}>",
    f"<svg><script>{DOES}</script></svg>",
    f"<body onload={DOES}>",
    f"<iframe src=javascript:{DOES}></iframe>",
    f"<iframe srcdoc='<script>{DOES}</script>'>",
    f"<a href=javascript:{DOES}>x</a>",
    f"<a href='jAvAsCrIpT:{DOES}'>x</a>",
    f"<a href='data:text/html,<script>{DOES}</script>'>x</a>",
    f"<object data=javascript:{DOES}>",
    f"<embed src=javascript:{DOES}>",
    f"<form action=javascript:{DOES}><input type=submit>",
    f"<button formaction=javascript:{DOES}>x",
    f"<details open ontoggle={DOES}>",
    f"<video><source onerror={DOES}>",
    f"<math><mtext></mtext><mglyph><style><img src onerror={DOES}></style></mglyph></math>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<base href=//evil.example>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<style>@import '//evil.example/x.css'</style>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<template><script>alert(1)</script></template>",
    "<!--<img src=x onerror=alert(1)>-->",
    "<?xml version='1.0'?><script>alert(1)</script>",
    "<![CDATA[<script>alert(1)</script>]]>",
    r"\u003cscript\u003ealert(1)\u003c/script\u003e",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "{{ 7 * 191 }}",
    "{% include '/etc/passwd' %}",
    "${7*191}",
    "\u202e<script>alert(1)</script>",
    "<scr\0ipt>alert(1)</scr\0ipt>",
    "<a style='background:url(//evil.example)'>x",
    "<img srcset='//evil.example/x 1x'>",
    "<input autofocus onfocus=alert(1)>",
    "<marquee onstart=alert(1)>",
    "<isindex type=image src=1 onerror=alert(1)>",
]
AROUND = ["{}", '">{}<x y="', "'-->]]></title></style></textarea>{}"]
ALIVE = {"script", "iframe", "object", "embed", "base", "link", "form", "button", "input", "template", "math"}
PAYLOADS = [around.replace("{}", text) for text in MARKUP for around in AROUND]


class Living(HTMLParser):
    """What of a page a browser would act on."""

    def __init__(self, text: str):
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.metas, self.styles, self._texts = 0, 0, []
        self.feed(text)
        self.said = " ".join("".join(self._texts).split())

    def handle_data(self, data):
        self._texts.append(data)

    def handle_starttag(self, tag, attrs):
        self.metas += tag == "meta"
        self.styles += tag == "style"
        if tag in {
            "script",
            "iframe",
            "object",
            "embed",
            "base",
            "link",
            "form",
            "button",
            "input",
            "template",
            "math",
        }:
            self.found.append(f"<{tag}>")
        for name, value in attrs:
            address = (value or "").strip().lower()
            if name.startswith("on") or name in ("srcdoc", "srcset", "formaction", "action", "autofocus"):
                self.found.append(f"{tag} {name}")
            if name in ("href", "src", "data") and address.startswith(("javascript:", "data:text", "//", "vbscript:")):
                self.found.append(f"{tag} {name}={address[:40]}")
            if name == "style" and "url(" in address:
                self.found.append(f"{tag} style")


def test_there_are_enough_payloads_and_they_would_be_seen():
    assert len(PAYLOADS) >= 120 and len(set(PAYLOADS)) == len(PAYLOADS)
    assert sum(bool(Living(text).found) for text in MARKUP) > 25


def test_hostile_texts_in_every_field_stay_text(page):  # noqa: F811
    """Each payload on one page, in two fields of it; together in all."""
    sober, share = Living(page()), len(PAYLOADS) // 6
    for number in range(share):
        own = a, b, c, d, e, f = [PAYLOADS[number + part * share] for part in range(6)]
        reported = {"text": a, "known": b, "value": None}
        claim = CLAIM | {"statement": c, "paper": d, "reason": e, "unit": f, "reported": reported}
        shifts = SHIFTS | {"turn": {"title": b, "unit": c, "fidelity": d}}
        card = CARD | {"title": e, "licence": f, "origin": a, "citation": b, "classes": [c, d]}
        seen = Living(page(claim=claim, card=card, shifts=shifts))
        assert seen.found == sober.found and (seen.metas, seen.styles) == (sober.metas, sober.styles), own
        assert "1337" not in seen.said and "root:x:" not in seen.said, "a template of theirs was filled in"
        assert all(" ".join(text.split()) in seen.said for text in (c, e) if "\0" not in text)
