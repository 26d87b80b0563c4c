//! The picture as text.

use std::fmt::Write as _;

use super::layers::Item;
use super::place::{Area, MARGIN, Placed, is_bend};
use super::text::{clean, escape, shorten, width};
use super::{Picture, Tone};

/// What is written in each box, and how large that makes it.
#[derive(Debug)]
pub(super) struct Boxes {
    shapes: Vec<Shown>,
    lines: Vec<Shown>,
}

/// A box with its text.
#[derive(Debug)]
struct Shown {
    texts: Vec<String>,
    /// All of the text, where some of it is not shown.
    whole: String,
    width: u32,
    height: u32,
}

// Each is larger than the size at which the text is shown: by a sixth, or if it is bold a third, other fonts are wider.
const KIND_SIZE: u32 = 13;
const LABEL_SIZE: u32 = 17;
const LINE_SIZE: u32 = 14;
const TITLE_SIZE: u32 = 21;
const LINE_HEIGHT: u32 = 16;
const PADDING: u32 = 12;
const LINE_PADDING: u32 = 5;
/// A name is shortened to this.
const LABEL_ROOM: u32 = 300;
/// What stands on an edge is shortened to this, in both ways.
const LINE_ROOM: u32 = 340;
const LINES: usize = 6;
const SHAPE_HEIGHT: u32 = 48;
const BEND_HEIGHT: u32 = 6;

/// What is written in the boxes of a picture.
pub(super) fn boxes(picture: &Picture) -> Boxes {
    let shape = |shape: &super::Shape| {
        let (kind, label) = (clean(&shape.kind), clean(&shape.label));
        let whole = format!("{kind} {label}").trim().to_owned();
        let texts = vec![shorten(&kind, KIND_SIZE, LABEL_ROOM), shorten(&label, LABEL_SIZE, LABEL_ROOM)];
        let sizes = texts.iter().zip([KIND_SIZE, LABEL_SIZE]);
        let room = sizes.map(|(text, size)| width(text, size)).max().unwrap_or(0);
        Shown { texts, whole, width: room + 2 * PADDING, height: SHAPE_HEIGHT }
    };
    let lines = |link: &super::Link| {
        let all: Vec<String> = link.lines.iter().map(|line| clean(line)).collect();
        let kept = if all.len() > LINES { LINES - 1 } else { all.len() };
        let mut texts: Vec<String> =
            all.iter().take(kept).map(|line| shorten(line, LINE_SIZE, LINE_ROOM)).collect();
        if all.len() > kept {
            texts.push(format!("and {} more", all.len() - kept));
        }
        let room = texts.iter().map(|text| width(text, LINE_SIZE)).max().unwrap_or(0);
        let count = u32::try_from(texts.len()).unwrap_or(0);
        Shown {
            texts,
            whole: all.join("; "),
            width: room + 2 * LINE_PADDING,
            height: (count * LINE_HEIGHT + LINE_PADDING).max(BEND_HEIGHT),
        }
    };
    Boxes {
        shapes: picture.shapes.iter().map(shape).collect(),
        lines: picture.links.iter().map(lines).collect(),
    }
}

impl Boxes {
    fn of(&self, item: Item) -> Option<&Shown> {
        match item {
            Item::Shape(number) => self.shapes.get(number),
            Item::Lines(number) => self.lines.get(number),
            Item::Bend(_) => None,
        }
    }

    /// The size of an item, with no place yet.
    pub(super) fn area(&self, item: Item) -> Area {
        let (width, height) = self.of(item).map_or((0, BEND_HEIGHT), |shown| (shown.width, shown.height));
        Area { width: width.into(), height: height.into(), ..Area::default() }
    }
}

/// The document.
pub(super) fn write(picture: &Picture, boxes: &Boxes, placed: &Placed<'_>) -> String {
    let title = clean(&picture.title);
    let heading = i64::from(width(&title, TITLE_SIZE).min(HEADING_ROOM));
    let perhaps = picture.links.iter().any(|link| link.only_if);
    let legend = if perhaps { i64::from(width(LEGEND, LINE_SIZE)) + 46 } else { 0 };
    let wide = placed.width.max(2 * MARGIN + heading.max(legend));
    let high = placed.height + if perhaps { 30 } else { 0 };
    let mut out = Out::default();
    out.line(format_args!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{wide}" height="{high}" viewBox="0 0 {wide} {high}">"#
    ));
    out.line(format_args!("<title>{}</title>", escape(&title)));
    out.line(format_args!("<desc>{}</desc>", escape(&description(picture, boxes))));
    out.line(format_args!("<style>{STYLE}</style>"));
    out.line(format_args!(r#"<rect class="paper" width="{wide}" height="{high}"/>"#));
    out.text("title", (MARGIN, 34), &shorten(&title, TITLE_SIZE, HEADING_ROOM));
    for (number, chain) in placed.layers.chains.iter().enumerate() {
        out.link(picture, placed, number, chain);
    }
    for (item, area) in placed.layers.items.iter().zip(&placed.areas) {
        out.item(picture, boxes, *item, *area);
    }
    if perhaps {
        let y = high - MARGIN;
        out.line(format_args!(r#"<path class="edge only-if" d="M{MARGIN} {} h36"/>"#, y - 4));
        out.text("line", (MARGIN + 46, y), LEGEND);
    }
    out.line(format_args!("</svg>"));
    out.done()
}

const LEGEND: &str = "dashed: only if a condition holds";
const HEADING_ROOM: u32 = 900;

/// The picture in words: each link, one after another.
fn description(picture: &Picture, boxes: &Boxes) -> String {
    let name = |number: usize| boxes.shapes.get(number).map_or("", |shown| shown.whole.as_str());
    let mut words = String::new();
    for (link, shown) in picture.links.iter().zip(&boxes.lines) {
        let by = if shown.whole.is_empty() { "" } else { ": " };
        let perhaps = if link.only_if { " (only if a condition holds)" } else { "" };
        let sentence = format!("{} to {}{by}{}{perhaps}. ", name(link.from), name(link.to), shown.whole);
        words.push_str(&sentence);
    }
    words.trim_end().to_owned()
}

/// The document so far.
#[derive(Default)]
pub(super) struct Out(String);

impl Out {
    pub(super) fn line(&mut self, line: std::fmt::Arguments<'_>) {
        // INVARIANT: writing to a string does not fail.
        if writeln!(self.0, "{line}").is_err() {
            self.0.clear();
        }
    }

    pub(super) fn text(&mut self, class: &str, (x, y): (i64, i64), text: &str) {
        if !text.is_empty() {
            self.line(format_args!(r#"<text class="{class}" x="{x}" y="{y}">{}</text>"#, escape(text)));
        }
    }

    pub(super) fn done(self) -> String {
        self.0
    }

    fn item(&mut self, picture: &Picture, boxes: &Boxes, item: Item, area: Area) {
        let Some(shown) = boxes.of(item) else { return };
        let class = match item {
            Item::Shape(number) => match picture.shapes.get(number).map(|shape| shape.tone) {
                Some(Tone::Start) => "shape start",
                Some(Tone::Goal) => "shape goal",
                _ => "shape",
            },
            _ => "lines",
        };
        let Area { x, y, width, height } = area;
        self.line(format_args!("<g><title>{}</title>", escape(&shown.whole)));
        self.line(format_args!(
            r#"<rect class="{class}" x="{x}" y="{y}" width="{width}" height="{height}" rx="6"/>"#
        ));
        if let (Item::Shape(_), [kind, label]) = (item, shown.texts.as_slice()) {
            self.text("kind", (x + i64::from(PADDING), y + 18), kind);
            self.text("label", (x + i64::from(PADDING), y + 36), label);
        } else {
            let perhaps = matches!(item, Item::Lines(number) if picture.links.get(number).is_some_and(|link| link.only_if));
            let class = if perhaps { "line perhaps" } else { "line" };
            let mut y = y + 14;
            for text in &shown.texts {
                self.text(class, (x + i64::from(LINE_PADDING), y), text);
                y += i64::from(LINE_HEIGHT);
            }
        }
        self.line(format_args!("</g>"));
    }

    /// A link: a line into what stands on it, and one out of it, with the head of the arrow at its end.
    fn link(&mut self, picture: &Picture, placed: &Placed<'_>, number: usize, chain: &[usize]) {
        let perhaps = picture.links.get(number).is_some_and(|link| link.only_if);
        let back = placed.layers.back.get(number) == Some(&true) || chain.len() < 3;
        let mut way = String::new();
        for (at, pair) in chain.windows(2).enumerate() {
            let [left, right] = *pair else { continue };
            let (first, last) = (at == 0, at + 2 == chain.len());
            let start = placed.port(left, number, Side::Right).0 + if first && back { HEAD } else { 0 };
            let (end, y2) = placed.port(right, number, Side::Left);
            let end = end - if last && !back { HEAD } else { 0 };
            let y1 = placed.port(left, number, Side::Right).1;
            let (from, to) = placed.between(left, right);
            // The head takes its room from the bend.
            let (from, to) = (from.max(start), to.min(end));
            let middle = (from + to) / 2;
            let begun = is_bend(placed.layers.items.get(left));
            let begin = if begun { format!("H{from}") } else { format!("M{start} {y1}H{from}") };
            way.push_str(&begin);
            way.push_str(&format!("C{middle} {y1} {middle} {y2} {to} {y2}H{end}"));
        }
        let class = if perhaps { "edge only-if" } else { "edge" };
        self.line(format_args!(r#"<path class="{class}" d="{way}"/>"#));
        if let (Some(first), Some(last)) = (chain.first(), chain.last()) {
            let (x, y, wings) = if back {
                let (x, y) = placed.port(*first, number, Side::Right);
                (x, y, x + HEAD)
            } else {
                let (x, y) = placed.port(*last, number, Side::Left);
                (x, y, x - HEAD)
            };
            self.line(format_args!(
                r#"<path class="head" d="M{x} {y}L{wings} {}V{}Z"/>"#,
                y - HEAD / 2,
                y + HEAD / 2
            ));
        }
    }
}

const HEAD: i64 = 9;

/// A side of an item.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
}

impl Placed<'_> {
    /// Where a link meets a side of an item: the links of a shape share its side, in the order of where they lead.
    fn port(&self, item: usize, link: usize, side: Side) -> (i64, i64) {
        let area = self.areas.get(item).copied().unwrap_or_default();
        let x = if side == Side::Left { area.x } else { area.x + area.width };
        if !matches!(self.layers.items.get(item), Some(Item::Shape(_))) {
            return (x, area.middle());
        }
        let mut others: Vec<(i64, usize)> = Vec::new();
        for (number, chain) in self.layers.chains.iter().enumerate() {
            let neighbour = match side {
                Side::Left => chain
                    .windows(2)
                    .last()
                    .and_then(|pair| (pair.last() == Some(&item)).then(|| pair.first())),
                Side::Right => chain
                    .windows(2)
                    .next()
                    .and_then(|pair| (pair.first() == Some(&item)).then(|| pair.last())),
            };
            if let Some(neighbour) = neighbour.flatten() {
                others.push((self.areas.get(*neighbour).map_or(0, |area| area.middle()), number));
            }
        }
        others.sort_unstable();
        let at = others.iter().position(|(_, number)| *number == link).unwrap_or(0);
        let share = |number: usize| i64::try_from(number).unwrap_or(0);
        (x, area.y + area.height * share(at + 1) / share(others.len() + 1))
    }

    /// Between which two places the columns of two items leave room.
    fn between(&self, left: usize, right: usize) -> (i64, i64) {
        let column = |item: usize| self.layer_of.get(item).and_then(|layer| self.columns.get(*layer));
        (column(left).map_or(0, |(_, end)| *end), column(right).map_or(0, |(start, _)| *start))
    }
}

const STYLE: &str = "\
text{font-family:Helvetica,Arial,'Liberation Sans','DejaVu Sans',sans-serif}\
.title{font-size:16px;font-weight:600}.kind{font-size:11px}.label{font-size:13px;font-weight:600}.line{font-size:12px}.perhaps{font-style:italic}\
.paper{fill:#fff}.title,.label{fill:#14181d}.kind{fill:#505b67}.line{fill:#2b333c}\
.shape{fill:#f3f5f7;stroke:#66717d}.start{fill:#e4f0ff;stroke:#1a5fd0;stroke-width:2}.goal{fill:#ffe9e6;stroke:#c02a20;stroke-width:2}\
.lines{fill:none}.edge{fill:none;stroke:#66717d;stroke-width:1.5}.only-if{stroke-dasharray:6 4}.head{fill:#66717d}\
@media(prefers-color-scheme:dark){.paper{fill:#12161b}.title,.label{fill:#eef2f6}.kind{fill:#a3afbb}.line{fill:#cfd7df}\
.shape{fill:#1d242c;stroke:#8793a0}.start{fill:#11294a;stroke:#6aa5ff}.goal{fill:#43191a;stroke:#ff8a80}\
.edge{stroke:#8793a0}.head{fill:#8793a0}}";
