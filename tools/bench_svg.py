"""Plots for tools/bench as SVG, with the standard library only.

A plot is {"name", "kind": "lines"|"bars", "title", "y", ...}: lines have "x" and series of "points"
[[x, y], ...] on two logarithmic axes; bars have "groups" and series of "values", one for each
group, on a linear axis.
"""
import math
from xml.sax.saxutils import escape

# Okabe and Ito's palette, which the colour-blind can tell apart; then the same with dashes.
COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"]
DASHES = ["", "7 4", "2 3"]
WIDTH, HEIGHT = 1000, 520
LEFT, RIGHT, TOP, BOTTOM = 80, 290, 56, 64


def style(index):
    return COLOURS[index % len(COLOURS)], DASHES[index // len(COLOURS) % len(DASHES)]


def short(value):
    for limit, suffix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= limit:
            return f"{value / limit:g}{suffix}"
    return f"{value:g}"


def text(x, y, words, anchor="start", size=13, extra=""):
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" {extra}>'
            f'{escape(words)}</text>')


def line(x1, y1, x2, y2, colour="#dddddd"):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"/>'


def frame(plot, body):
    middle = (TOP + HEIGHT - BOTTOM) / 2
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'font-family="sans-serif">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        text(LEFT, 30, plot["title"], size=18),
        text(0, 0, plot["y"], "middle", 14,
             f'transform="translate(22 {middle}) rotate(-90)"'), *body, "</svg>"
    ]
    return "\n".join(parts) + "\n"


class Log:
    """From values to places on a logarithmic axis that begins and ends at a power of ten."""

    def __init__(self, values, begin, end):
        self.low = math.floor(math.log10(min(values)) + 1e-9)
        self.high = max(math.ceil(math.log10(max(values)) - 1e-9), self.low + 1)
        self.begin, self.end = begin, end

    def __call__(self, value):
        return self.begin + (math.log10(value) - self.low) / (self.high - self.low) * (self.end -
                                                                                       self.begin)

    def ticks(self):
        return [10.0 ** power for power in range(self.low, self.high + 1)]


def lines(plot):
    series = [s for s in plot["series"] if s["points"]]
    x = Log([p[0] for s in series for p in s["points"]], LEFT, WIDTH - RIGHT)
    y = Log([max(p[1], 1e-9) for s in series for p in s["points"]], HEIGHT - BOTTOM, TOP)
    body = []
    for tick in y.ticks():
        body += [
            line(LEFT, y(tick), WIDTH - RIGHT, y(tick)),
            text(LEFT - 8,
                 y(tick) + 5, short(tick), "end")
        ]
    for tick in x.ticks():
        body += [line(x(tick), TOP, x(tick), HEIGHT - BOTTOM),
                 text(x(tick), HEIGHT - BOTTOM + 20, short(tick), "middle")]
    body.append(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 14, plot["x"], "middle", 14))
    last = {}
    for index, one in enumerate(series):
        colour, dash = style(index)
        places = [(x(px), y(max(py, 1e-9))) for px, py in one["points"]]
        path = " ".join(f"{px:.1f},{py:.1f}" for px, py in places)
        body.append(
            f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2.5" '
            f'stroke-dasharray="{dash}"/>'
        )
        body += [
            f'<circle cx="{px:.1f}" cy="{py:.1f}" r="3.5" fill="{colour}"/>' for px, py in places
        ]
        last[index] = places[-1][1]
    return frame(plot, body + legend(series, sorted(last, key=last.get)))


def legend(series, order):
    body = []
    for row, index in enumerate(order):
        colour, dash = style(index)
        at = TOP + 10 + row * 24
        body.append(
            f'<line x1="{WIDTH - RIGHT + 14}" y1="{at}" x2="{WIDTH - RIGHT + 44}" y2="{at}" '
            f'stroke="{colour}" '
            f'stroke-width="4" stroke-dasharray="{dash}"/>')
        body.append(text(WIDTH - RIGHT + 50, at + 4, series[index]["name"], size=12))
    return body


def nice(value):
    """A step for a linear axis: 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= value)


def bars(plot):
    series, groups = plot["series"], plot["groups"]
    step = nice(max(max(s["values"]) for s in series) / 6)
    top = math.ceil(max(max(s["values"]) for s in series) / step) * step
    room = (WIDTH - RIGHT - LEFT) / len(groups)
    thick = room * 0.85 / len(series)
    floor = HEIGHT - BOTTOM
    body = []
    for tick in range(round(top / step) + 1):
        at = floor - tick * step / top * (floor - TOP)
        body += [
            line(LEFT, at, WIDTH - RIGHT, at),
            text(LEFT - 8, at + 5, f"{tick * step:g}", "end")
        ]
    for number, group in enumerate(groups):
        begin = LEFT + number * room + room * 0.075
        for index, one in enumerate(series):
            tall = one["values"][number] / top * (floor - TOP)
            body.append(
                f'<rect x="{begin + index * thick:.1f}" y="{floor - tall:.1f}" '
                f'width="{thick * 0.9:.1f}" '
                f'height="{tall:.1f}" fill="{style(index)[0]}" '
                f'opacity="{1 if index < len(COLOURS) else 0.55}"/>'
            )
        body.append(text(begin + room * 0.42, floor + 20 + 16 * (number % 2), group, "middle", 12))
    keys = []
    for index, one in enumerate(series):
        at = TOP + 10 + index * 24
        keys += [
            f'<rect x="{WIDTH - RIGHT + 14}" y="{at - 7}" width="24" height="12" '
            f'fill="{style(index)[0]}" '
            f'opacity="{1 if index < len(COLOURS) else 0.55}"/>',
            text(WIDTH - RIGHT + 46, at + 4, one["name"], size=12)
        ]
    return frame(plot, body + keys)


def draw(plot):
    return lines(plot) if plot["kind"] == "lines" else bars(plot)
