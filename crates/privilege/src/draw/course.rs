//! How numbers went over time, as SVG: a panel for each, one below the other over the same time, because they count
//! different things. What the first, the last and the most was stands beside the name.

use doorward_model::time::Time;

use super::svg::Out;
use super::text::{clean, escape, shorten, width};

/// What is to be drawn.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Course {
    /// What it shows, in a few words.
    pub title: String,
    /// The numbers.
    pub panels: Vec<Panel>,
}

/// One number over time.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Panel {
    /// What is counted.
    pub name: String,
    /// What stands behind each value: nothing, or `%`.
    pub unit: String,
    /// When it was how much, in thousandths.
    pub points: Vec<(Time, u64)>,
}

/// The numbers as an SVG document; those of a panel in the order of time, however they come.
#[must_use]
pub fn draw_course(course: &Course) -> String {
    let mut panels = course.panels.clone();
    panels.iter_mut().for_each(|panel| panel.points.sort_unstable());
    let times = || panels.iter().flat_map(|panel| &panel.points).map(|(at, _)| *at);
    let span = times().min().zip(times().max());
    let title = clean(&course.title);
    let high = TOP + PANEL * i64::try_from(panels.len()).unwrap_or(0) + BOTTOM;
    let mut out = Out::default();
    out.line(format_args!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{WIDE}" height="{high}" viewBox="0 0 {WIDE} {high}">"#
    ));
    let told: Vec<String> = panels.iter().map(|panel| format!("{}: {}.", panel.name, told(panel))).collect();
    out.line(format_args!("<title>{}</title>", escape(&title)));
    out.line(format_args!("<desc>{}</desc>", escape(&clean(&told.join(" ")))));
    out.line(format_args!("<style>{STYLE}</style>"));
    out.line(format_args!(r#"<rect class="paper" width="{WIDE}" height="{high}"/>"#));
    out.text("title", (EDGE, 34), &shorten(&title, TITLE_SIZE, ROOM));
    let mut top = TOP;
    for panel in &panels {
        out.panel(panel, top, span);
        top += PANEL;
    }
    if let Some((first, last)) = span {
        let last = if first.day() == last.day() { String::new() } else { last.day().to_string() };
        out.text("tick", (LEFT, top + 14), &first.day().to_string());
        out.text("tick end", (RIGHT, top + 14), &last);
    }
    out.line(format_args!("</svg>"));
    out.done()
}

/// What was first, last, and at most, and when.
fn told(panel: &Panel) -> String {
    let (Some(first), Some(last)) = (panel.points.first(), panel.points.last()) else {
        return "not measured yet".to_owned();
    };
    // Of several that are the most, the first.
    let most = panel.points.iter().rev().max_by_key(|(_, value)| *value).unwrap_or(last);
    let [began, ended, peak] =
        [first, last, most].map(|(_, value)| format!("{}{}", number(*value), panel.unit));
    format!("first {began}, last {ended}, most {peak} on {}", most.0.day())
}

/// Thousandths as a number with at most one digit behind the point.
fn number(milli: u64) -> String {
    let tenths = milli.saturating_add(50) / 100;
    if tenths.is_multiple_of(10) {
        (tenths / 10).to_string()
    } else {
        format!("{}.{}", tenths / 10, tenths % 10)
    }
}

/// The end of an axis: the first of 1, 2 and 5, ten times these, and so on, that no value is above.
fn end_of_axis(most: u64) -> u64 {
    let mut decade = 1_000_u64;
    loop {
        for factor in [1, 2, 5] {
            let end = decade.saturating_mul(factor);
            if end >= most || end == u64::MAX {
                return end;
            }
        }
        decade = decade.saturating_mul(10);
    }
}

impl Out {
    /// A panel, its upper edge at `top`.
    fn panel(&mut self, panel: &Panel, top: i64, span: Option<(Time, Time)>) {
        let (name, told) = (clean(&panel.name), clean(&told(panel)));
        let behind = LEFT + i64::from(width(&name, NAME_SIZE)) + 12;
        self.line(format_args!("<g><title>{}</title>", escape(&format!("{name}: {told}"))));
        self.text("label", (LEFT, top + 16), &name);
        self.text("line", (behind, top + 16), &told);
        let (ceiling, floor) = (top + 28, top + PANEL - 10);
        let end = end_of_axis(panel.points.iter().map(|(_, value)| *value).max().unwrap_or(0));
        for (y, value) in [(ceiling, end), (floor, 0)] {
            self.line(format_args!(r#"<path class="grid" d="M{LEFT} {y}H{RIGHT}"/>"#));
            self.text("tick end", (LEFT - 8, y + 4), &format!("{}{}", number(value), panel.unit));
        }
        let places: Vec<(i64, i64)> = panel
            .points
            .iter()
            .map(|(at, value)| {
                let x = span.map_or(LEFT, |(first, last)| {
                    let since = |at: Time| i128::from(at.ms()) - i128::from(first.ms());
                    along(since(*at), since(last), RIGHT - LEFT)
                });
                let y = along((*value).into(), end.into(), floor - ceiling);
                (LEFT + x, floor - y)
            })
            .collect();
        if let Some(((x, y), rest)) = places.split_first() {
            let way: String = rest.iter().map(|(x, y)| format!("L{x} {y}")).collect();
            self.line(format_args!(r#"<path class="course" d="M{x} {y}{way}"/>"#));
        }
        if let Some((x, y)) = places.last() {
            self.line(format_args!(r#"<circle class="dot" cx="{x}" cy="{y}" r="3"/>"#));
        }
        self.line(format_args!("</g>"));
    }
}

/// How far along a length a part of a whole is, rounded; half way where there is no whole.
fn along(part: i128, whole: i128, length: i64) -> i64 {
    if whole <= 0 {
        return length / 2;
    }
    i64::try_from((part * i128::from(length) * 2 + whole) / (whole * 2)).unwrap_or(length)
}

const WIDE: i64 = 760;
const EDGE: i64 = 24;
const LEFT: i64 = 72;
const RIGHT: i64 = WIDE - EDGE;
const TOP: i64 = 52;
const PANEL: i64 = 112;
const BOTTOM: i64 = 32;
const ROOM: u32 = 712;
// Larger than it is shown, as in other pictures.
const TITLE_SIZE: u32 = 21;
const NAME_SIZE: u32 = 17;

const STYLE: &str = "\
text{font-family:Helvetica,Arial,'Liberation Sans','DejaVu Sans',sans-serif}\
.title{font-size:16px;font-weight:600}.label{font-size:13px;font-weight:600}.line{font-size:12px}.tick{font-size:11px}.end{text-anchor:end}\
.paper{fill:#fff}.title,.label{fill:#14181d}.line{fill:#2b333c}.tick{fill:#505b67}\
.grid{stroke:#d5dae0}.course{fill:none;stroke:#1a5fd0;stroke-width:2;stroke-linejoin:round}.dot{fill:#1a5fd0}\
@media(prefers-color-scheme:dark){.paper{fill:#12161b}.title,.label{fill:#eef2f6}.line{fill:#cfd7df}.tick{fill:#a3afbb}\
.grid{stroke:#333c46}.course{stroke:#6aa5ff}.dot{fill:#6aa5ff}}";
