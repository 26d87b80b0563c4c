//! A row of results: a measured value beside its budget.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use comfy_table::presets::ASCII_MARKDOWN;
use comfy_table::{CellAlignment, Table};
use serde::{Deserialize, Serialize};

use super::estimate::{Estimate, estimate};
use super::promise::{Promise, Unit};

/// One measured value; `meets` is absent where nothing was promised.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) value: f64,
    pub(crate) unit: String,
    pub(crate) budget: Option<f64>,
    pub(crate) meets: Option<bool>,
}

/// The row that `promise` asks for, out of criterion's folder.
pub(crate) fn row(promise: &Promise, criterion: &Path) -> Result<Row> {
    let ours = estimate(criterion, &promise.estimate)?;
    let floor = promise.floor.as_deref().map(|id| estimate(criterion, id)).transpose()?;
    let value =
        value(promise.unit, ours, floor).with_context(|| format!("cannot work out {}", promise.name))?;
    Ok(Row {
        name: promise.name.clone(),
        value,
        unit: promise.unit.label().to_owned(),
        budget: promise.budget,
        meets: promise.budget.map(|budget| promise.unit.keeps(value, budget)),
    })
}

fn value(unit: Unit, ours: Estimate, floor: Option<Estimate>) -> Result<f64> {
    Ok(match (unit, floor) {
        (Unit::Nanoseconds, None) => ours.nanoseconds,
        (Unit::Microseconds, None) => ours.nanoseconds / 1e3,
        (Unit::Milliseconds, None) => ours.nanoseconds / 1e6,
        (Unit::PerSecond, None) => {
            let elements = ours.elements.context("the bench declares no elements")?;
            elements * 1e9 / ours.nanoseconds
        }
        (Unit::Percent, Some(floor)) => 100.0 * floor.nanoseconds / ours.nanoseconds,
        (Unit::Times, Some(floor)) => ours.nanoseconds / floor.nanoseconds,
        (Unit::Percent | Unit::Times, None) => bail!("the unit {} compares with a floor", unit.label()),
        (_, Some(_)) => bail!("the unit {} knows no floor", unit.label()),
    })
}

/// The rows as a table that reads well on a terminal and in Markdown.
pub(crate) fn table(rows: &[Row]) -> Table {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN).set_header(["what", "measured", "budget", "unit", "meets"]);
    for row in rows {
        table.add_row([
            row.name.clone(),
            number(row.value),
            row.budget.map(number).unwrap_or_default(),
            row.unit.clone(),
            row.meets.map(|meets| if meets { "yes" } else { "NO" }).unwrap_or_default().to_owned(),
        ]);
    }
    for column in table.column_iter_mut().skip(1).take(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// Three digits that matter, as far as a value below a thousand has them.
fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::super::promise::{Promise, Unit};
    use super::{Row, row, table};

    fn measurement(criterion: &Path, id: &str, nanoseconds: f64) {
        let run = criterion.join(id).join("new");
        fs::create_dir_all(&run).unwrap();
        let estimates =
            format!(r#"{{"median":{{"point_estimate":{nanoseconds}}},"mean":{{"point_estimate":1}}}}"#);
        fs::write(run.join("estimates.json"), estimates).unwrap();
        fs::write(run.join("benchmark.json"), r#"{"throughput":{"Elements":1000}}"#).unwrap();
    }

    fn check(unit: Unit, floor: Option<&str>, budget: Option<f64>, expected: (f64, &str, Option<bool>)) {
        let folder = tempfile::tempdir().unwrap();
        measurement(folder.path(), "intake/ours", 4_000_000.0);
        measurement(folder.path(), "intake/floor", 1_000_000.0);
        let floor = floor.map(String::from);
        let promise =
            Promise { name: "a".to_owned(), estimate: "intake/ours".to_owned(), floor, unit, budget };
        let (value, unit, meets) = expected;
        let whole = Row { name: "a".to_owned(), value, unit: unit.to_owned(), budget, meets };
        assert_eq!(row(&promise, folder.path()).unwrap(), whole);
    }

    #[test]
    fn a_value_follows_from_its_unit() {
        check(Unit::Nanoseconds, None, None, (4_000_000.0, "ns", None));
        check(Unit::Microseconds, None, Some(4_000.0), (4_000.0, "us", Some(true)));
        check(Unit::Milliseconds, None, Some(3.9), (4.0, "ms", Some(false)));
        check(Unit::PerSecond, None, Some(200_000.0), (250_000.0, "/s", Some(true)));
        check(Unit::Percent, Some("intake/floor"), Some(40.0), (25.0, "%", Some(false)));
        check(Unit::Times, Some("intake/floor"), Some(4.0), (4.0, "x", Some(true)));
    }

    #[test]
    fn a_table_is_markdown() {
        let rows = [
            Row {
                name: "publish".into(),
                value: 4.25,
                unit: "us".into(),
                budget: Some(10.0),
                meets: Some(true),
            },
            Row { name: "parse".into(), value: 251_000.4, unit: "/s".into(), budget: None, meets: None },
        ];
        let expected = "\
| what    | measured | budget | unit | meets |
|---------|----------|--------|------|-------|
| publish |     4.25 |   10.0 | us   | yes   |
| parse   |   251000 |        | /s   |       |";
        assert_eq!(table(&rows).to_string(), expected);
    }
}
