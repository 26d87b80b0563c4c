//! Ways as a picture: who begins at the left, what is reached at the right.

use std::collections::BTreeMap;

use super::{DrawError, Link, Picture, Shape, Tone, draw};
use crate::answers::{HopAnswer, PathAnswer};

/// Ways drawn as an SVG document.
///
/// # Errors
/// When there are too many steps for one picture.
pub fn draw_ways(title: &str, ways: &[PathAnswer]) -> Result<String, DrawError> {
    let mut places = BTreeMap::new();
    let mut picture = Picture { title: title.to_owned(), ..Picture::default() };
    for way in ways {
        let last = way.hops.len().saturating_sub(1);
        for (number, hop) in way.hops.iter().enumerate() {
            let from = place(&mut picture, &mut places, &hop.edge.from);
            let to = place(&mut picture, &mut places, &hop.edge.to);
            tone(&mut picture, from, Tone::Start, number == 0);
            tone(&mut picture, to, Tone::Goal, number == last);
            let link = Link { from, to, lines: lines(hop), only_if: !hop.only_if.is_empty() };
            if !picture.links.contains(&link) {
                picture.links.push(link);
            }
        }
    }
    draw(&picture)
}

fn tone(picture: &mut Picture, place: usize, tone: Tone, is_so: bool) {
    if let Some(shape) = picture.shapes.get_mut(place).filter(|_| is_so) {
        shape.tone = tone;
    }
}

fn place(picture: &mut Picture, places: &mut BTreeMap<String, usize>, name: &str) -> usize {
    *places.entry(name.to_owned()).or_insert_with(|| {
        let (kind, label) = shown(name);
        picture.shapes.push(Shape { kind: kind.to_owned(), label: label.to_owned(), ..Shape::default() });
        picture.shapes.len() - 1
    })
}

/// What a name is of, and the part of it that people say.
fn shown(name: &str) -> (&str, &str) {
    let Some(own) = name.strip_prefix("arn:").and_then(|arn| arn.splitn(5, ':').nth(4)) else {
        return ("", name);
    };
    own.split_once(['/', ':']).unwrap_or(("", own))
}

/// What stands on a step: the method, then the statements, by the end of their names.
fn lines(hop: &HopAnswer) -> Vec<String> {
    let short = |text: &String| text.rsplit(['/']).next().unwrap_or(text).to_owned();
    let statements = hop.statement.iter().map(short);
    let conditions = hop.only_if.iter().map(|condition| format!("only if {condition}"));
    let regions = (!hop.regions.is_empty()).then(|| format!("in {}", hop.regions.join(", ")));
    std::iter::once(hop.edge.by()).chain(statements).chain(conditions).chain(regions).collect()
}
