"""What tools/tidy.py checks in Markdown: width, links, paths, names, and the form of decisions."""
import datetime
import re

WIDTH_MAX = 100
SENTENCE_WORDS_MAX = 25
DECISION_HEADINGS = ["Context", "Decision", "Price", "Refused", "Undo"]
DECISIONS = "docs/decisions"
# A path in backticks is one of ours when it begins with a folder of ours or ends as our files do.
PATH = re.compile(r"`([\w.+@-]+(?:/[\w.+@-]+)+/?)(?::\d+)?`")
NAME = re.compile(r"`(?:\w+::)*([A-Z]\w*)::(\w+)(?:\(\))?`")
CODE = {".c", ".h", ".cpp", ".hpp", ".py", ".ts", ".tsx", ".mjs"}
OURS = (*CODE, ".md", ".fbs", ".proto", ".json", ".txt", ".cmake", ".service", ".yml", ".yaml")
OTHERS = ("build", "linux", "xdp", "net", "include")  # what the build makes, and the kernel's


class Docs:
    """One run over the project's files: root, their relative paths, and what reports a finding."""

    def __init__(self, root, files, report):
        self.root, self.report = root, report
        self.files = files
        self.markdown = [path for path in files if path.suffix == ".md"]

    def lines(self, path):
        return enumerate(self.text(path).splitlines(), 1)

    def text(self, path):
        return (self.root / path).read_text(encoding="utf-8", errors="replace")

    # ---------------------------------------------------------------- prose
    def check_width(self):
        """Rows of tables cannot be broken, and neither can a line that is one word."""
        for path in self.markdown:
            for number, line in self.lines(path):
                if len(line) > WIDTH_MAX and not line.startswith("|") and " " in line.strip():
                    self.report(path, number, f"{len(line)} columns; prose has at most {WIDTH_MAX}")

    def check_sentences(self):
        """Short sentences, which a reader of another tongue understands. A colon ends one too."""
        for path in self.markdown:
            for number, sentence in sentences(self.text(path)):
                words = len(sentence.split())
                if words > SENTENCE_WORDS_MAX:
                    self.report(
                        path,
                        number,
                        f"a sentence of {words} words: '{' '.join(sentence.split()[:5])} ...'",
                    )

    # ---------------------------------------------------------------- links
    def check_links(self):
        for path in self.markdown:
            for number, line in self.lines(path):
                for target in re.findall(r"\]\(([^)#\s]+)", line):
                    if "://" not in target and not (self.root / path.parent / target).exists():
                        self.report(path, number, f"link to {target}, which is not there")

    def check_paths(self):
        """
        A path in backticks exists: from the root, from userspace/ (as in #include), or from the
        folder of the text.
        """
        for path in self.markdown:
            bases = [self.root, self.root / "userspace", self.root / path.parent]
            for number, line in self.lines(path):
                for target in PATH.findall(line):
                    first = target.split("/")[0]
                    is_ours = target.endswith(OURS) or any(
                        (base / first).is_dir() for base in bases
                    )
                    if first in OTHERS or not is_ours:
                        continue
                    if not any((base / target).exists() for base in bases):
                        self.report(path, number, f"`{target}` is not there")

    def check_names(self):
        """A `Class::member` that docs/ names is in the code: both words are."""
        words = set()
        for path in self.files:
            if path.suffix in CODE:
                words.update(re.findall(r"\w+", self.text(path)))
        for path in self.markdown:
            if path.parts[0] != "docs":
                continue
            for number, line in self.lines(path):
                for name in NAME.findall(line):
                    if not words.issuperset(name):
                        self.report(path, number, f"`{'::'.join(name)}` is not in the code")

    # ---------------------------------------------------------------- decisions
    def check_decisions(self):
        texts = [path for path in self.markdown if path.parent.as_posix() == DECISIONS]
        index = [path for path in texts if path.name == "README.md"]
        decisions = [path for path in texts if path.name != "README.md"]
        listed = {}
        for path in index:
            for number, line in self.lines(path):
                for label, title, target in re.findall(r"^\| (\S+) \| \[(.+)\]\((\S+)\) \|", line):
                    listed[target] = (number, label, title)
        for expected, path in enumerate(decisions, 1):
            self.check_decision(path, expected, listed)
        for target in set(listed) - {path.name for path in decisions}:
            self.report(index[0], listed[target][0], f"{target} is no decision")

    def check_decision(self, path, expected, listed):
        lines = self.text(path).splitlines()
        title = lines[0].removeprefix("# ") if lines else ""
        if not re.fullmatch(rf"{expected:04}-[a-z0-9]+(-[a-z0-9]+)*\.md", path.name):
            self.report(path, 1, f"named {expected:04}-short-slug.md: numbers have no holes")
        if not lines or not lines[0].startswith("# "):
            self.report(path, 1, "begins with '# ' and the decision as a sentence")
        form = r"Date: (\d{4}-\d\d-\d\d) · Status: (accepted|superseded by \d{4})"
        match = re.fullmatch(form, lines[2]) if len(lines) > 2 else None
        if not match or not is_date(match[1]):
            self.report(
                path,
                3,
                "line 3 is 'Date: YYYY-MM-DD · Status: accepted' or " "'... superseded by NNNN'",
            )
        headings = [line[3:] for line in lines if line.startswith("## ")]
        wanted = [heading for heading in DECISION_HEADINGS if heading in headings]
        if headings != wanted or headings[:2] != DECISION_HEADINGS[:2]:
            self.report(
                path,
                1,
                "the headings are, in this order: "
                + ", ".join(DECISION_HEADINGS)
                + "; the first two always",
            )
        if listed.get(path.name, (0, "", ""))[1:] != (path.name[:4], title):
            self.report(path, 1, f"{DECISIONS}/README.md lists it with its number and title")


def sentences(text):
    """
    (line, sentence) of Markdown without its code, tables and headings, which are blanked line for
    line.
    """

    def blank(match):
        return "\n" * match[0].count("\n")

    text = re.sub(r"^```.*?^```$", blank, text, flags=re.S | re.M)
    text = re.sub(r"^( {4}|\||#).*$", "", text, flags=re.M)
    begin = 0
    for end in re.finditer(r"[.:;?!][)`*]*(?=\s)|\n\n|\n(?= *(?:[-*]|\d+\.) )|\Z", text):
        sentence = text[begin : end.end()]
        yield text[:begin].count("\n") + len(sentence) - len(
            sentence.lstrip("\n")
        ) + 1, sentence.strip()
        begin = end.end()


def is_date(text):
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        return False
    return True
