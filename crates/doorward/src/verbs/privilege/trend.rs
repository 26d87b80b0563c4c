//! How much the inventory made possible, point by point, as a list or a picture.

use std::io::{Write, stdout};

use anyhow::{Context, Result};
use doorward_model::time::Time;
use doorward_privilege::draw::{Course, Panel, draw_course};
use serde_json::Value;

use crate::cli::privilege::TrendArgs;
use crate::verbs::pages;
use crate::verbs::source::{Noun, Source};

/// Lists or draws the trend.
pub(super) fn trend(args: &TrendArgs) -> Result<()> {
    let source = Source::at((&args.api, args.data_dir.as_deref()), args.as_of)?;
    let from = (args.limit, args.cursor.clone());
    let Some(output) = args.output.written() else {
        let page = source.list(Noun::Trend, &[], from)?;
        let points = page.get("items").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        return Ok(stdout().write_all(drawn(points)?.as_bytes())?);
    };
    pages((Noun::Trend, source), (&[], from), output)
}

/// What is drawn of a point, and how it is called.
const NUMBERS: [(&str, &str, &str); 5] = [
    ("administrators", "", "administrators"),
    ("can come to administer", "", "escalating"),
    ("with a way to tier 0", "", "toward_tier_zero"),
    ("doors to the outside", "", "entrances"),
    ("blast radii together", "%", "blast_radius"),
];

fn drawn(points: &[Value]) -> Result<String> {
    let panel = |(name, unit, member): (&str, &str, &str)| {
        let points = points.iter().map(|point| {
            let at = point.get("at").and_then(Value::as_str).unwrap_or_default();
            Ok((Time::parse(at)?, milli(point.get(member))))
        });
        let points = points.collect::<Result<_>>().context("cannot read the trend")?;
        Ok(Panel { name: name.to_owned(), unit: unit.to_owned(), points })
    };
    let panels = NUMBERS.into_iter().map(panel).collect::<Result<_>>()?;
    Ok(draw_course(&Course { title: "What the inventory made possible".to_owned(), panels }))
}

/// A number in thousandths.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts and sums of percentages are neither negative nor above 2^53"
)]
fn milli(number: Option<&Value>) -> u64 {
    let number = number.and_then(Value::as_f64).unwrap_or_default();
    (number * 1_000.0).round() as u64
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_number_is_drawn_under_its_own_name() {
        let point = |at: &str, more: u64| {
            json!({
                "at": at, "identities": 90 + more, "administrators": 1 + more, "escalating": 3 + more,
                "latent": 5 + more, "toward_tier_zero": 7 + more, "entrances": 9 + more,
                "blast_radius": 12.5 + more as f64,
            })
        };
        let drawn = drawn(&[point("2026-01-01T00:00:00Z", 0), point("2026-01-02T00:00:00Z", 1)]).unwrap();
        let (_, told) = drawn.split_once("<desc>").unwrap();
        let (told, _) = told.split_once("</desc>").unwrap();
        let panels = [
            ("administrators", "1", "2"),
            ("can come to administer", "3", "4"),
            ("with a way to tier 0", "7", "8"),
            ("doors to the outside", "9", "10"),
            ("blast radii together", "12.5%", "13.5%"),
        ];
        let panels = panels.map(|(name, first, last)| {
            format!("{name}: first {first}, last {last}, most {last} on 2026-01-02.")
        });
        assert_eq!(told, panels.join(" "));
    }
}
