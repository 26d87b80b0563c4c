//! A row of results: a measured value beside its budget.

use anyhow::{Result, bail};
use comfy_table::presets::ASCII_MARKDOWN;
use comfy_table::{CellAlignment, Table};
use serde::{Deserialize, Serialize};

use super::estimate::{Amount, Estimate, Run};
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

/// The row that `promise` asks for, out of what the bench left; none where it compares with a peer that is not here.
pub(crate) fn row(promise: &Promise, run: &Run) -> Result<Option<Row>> {
    let left = [Some(&promise.measured), promise.floor.as_ref()];
    if promise.peer.is_some() && !left.into_iter().flatten().all(|measured| run.has(measured)) {
        return Ok(None);
    }
    let ours = run.estimate(&promise.measured)?;
    let floor = promise.floor.as_ref().map(|floor| run.estimate(floor)).transpose()?;
    let value = value(promise.unit, ours, floor)?;
    Ok(Some(Row {
        name: promise.name.clone(),
        value,
        unit: promise.unit.label().to_owned(),
        budget: promise.budget,
        meets: promise.budget.map(|budget| promise.unit.keeps(value, budget)),
    }))
}

fn value(unit: Unit, ours: Estimate, floor: Option<Estimate>) -> Result<f64> {
    Ok(match (unit, floor, ours.handles) {
        (Unit::Nanoseconds | Unit::Bytes | Unit::Syncs, None, _) => ours.amount,
        (Unit::Microseconds, None, _) => ours.amount / 1e3,
        (Unit::Milliseconds, None, _) => ours.amount / 1e6,
        (Unit::Mebibytes, None, _) => ours.amount / f64::from(1 << 20),
        (Unit::PerSecond, None, Some(Amount::Elements(elements))) => elements * 1e9 / ours.amount,
        (Unit::MegabytesPerSecond, None, Some(Amount::Bytes(bytes))) => bytes * 1e3 / ours.amount,
        (Unit::Percent, Some(floor), _) => 100.0 * floor.amount / ours.amount,
        (Unit::Times, Some(floor), _) => ours.amount / floor.amount,
        (Unit::TimesLess, Some(floor), _) => floor.amount / ours.amount,
        (Unit::PerSecond | Unit::MegabytesPerSecond, None, _) => {
            bail!("the bench declares nothing that the unit {} counts", unit.label())
        }
        (Unit::Percent | Unit::Times | Unit::TimesLess, None, _) => {
            bail!("the unit {} compares with a floor", unit.label())
        }
        (_, Some(_), _) => bail!("the unit {} knows no floor", unit.label()),
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

    use super::super::estimate::Run;
    use super::super::promise::{Measured, Promise, Unit};
    use super::{Row, row, table};

    fn measurement(criterion: &Path, id: &str, nanoseconds: f64, handles: &str) {
        let run = criterion.join(id).join("new");
        fs::create_dir_all(&run).unwrap();
        let estimates =
            format!(r#"{{"median":{{"point_estimate":{nanoseconds}}},"mean":{{"point_estimate":1}}}}"#);
        fs::write(run.join("estimates.json"), estimates).unwrap();
        fs::write(run.join("benchmark.json"), format!(r#"{{"throughput":{handles}}}"#)).unwrap();
    }

    fn criterion(id: &str) -> Measured {
        Measured::Criterion(id.to_owned())
    }

    fn printed(line: &str, figure: &str) -> Measured {
        Measured::Printed { line: line.to_owned(), figure: figure.to_owned(), elements: None, bytes: None }
    }

    fn check(
        measured: Measured,
        unit: Unit,
        budget: Option<f64>,
        expected: Result<(f64, &str, Option<bool>), &str>,
    ) {
        let folder = tempfile::tempdir().unwrap();
        measurement(folder.path(), "plain", 4_000_000.0, "null");
        measurement(folder.path(), "elements", 4_000_000.0, r#"{"Elements":1000}"#);
        measurement(folder.path(), "bytes", 4_000_000.0, r#"{"Bytes":2000000}"#);
        measurement(folder.path(), "floor", 1_000_000.0, "null");
        let compares = matches!(unit, Unit::Percent | Unit::Times | Unit::TimesLess);
        let floor = compares.then(|| criterion("floor"));
        let promise = Promise { name: "a".to_owned(), measured, floor, unit, budget, peer: None };
        let printed = vec!["noise".to_owned(), "publish/10 wall ns: p50 1500 p99 9000".to_owned()];
        let run = Run { criterion: folder.path().to_path_buf(), printed };
        let found = row(&promise, &run).map_err(|error| error.root_cause().to_string());
        let whole = expected.map(|(value, unit, meets)| {
            Some(Row { name: "a".to_owned(), value, unit: unit.to_owned(), budget, meets })
        });
        assert_eq!(found, whole.map_err(String::from));
    }

    #[test]
    fn a_value_follows_from_its_unit() {
        check(criterion("plain"), Unit::Nanoseconds, None, Ok((4_000_000.0, "ns", None)));
        check(criterion("plain"), Unit::Microseconds, Some(4_000.0), Ok((4_000.0, "us", Some(true))));
        check(criterion("plain"), Unit::Milliseconds, Some(3.9), Ok((4.0, "ms", Some(false))));
        check(criterion("elements"), Unit::PerSecond, Some(200_000.0), Ok((250_000.0, "/s", Some(true))));
        check(criterion("bytes"), Unit::MegabytesPerSecond, Some(500.0), Ok((500.0, "MB/s", Some(true))));
        check(criterion("plain"), Unit::Percent, Some(40.0), Ok((25.0, "%", Some(false))));
        check(criterion("plain"), Unit::Times, Some(4.0), Ok((4.0, "x", Some(true))));
        check(criterion("plain"), Unit::TimesLess, Some(4.0), Ok((0.25, "x less", Some(false))));
    }

    #[test]
    fn there_is_no_row_without_its_peer() {
        let line = |line: &str| printed(line, "cpu");
        let run = Run {
            criterion: "nowhere".into(),
            printed: vec!["ours: cpu 10".to_owned(), "peer/cut: short".to_owned()],
        };
        let compared = |floor: &str, peer: Option<&str>| {
            let promise = Promise {
                name: "a".to_owned(),
                measured: line("ours"),
                floor: Some(line(floor)),
                unit: Unit::TimesLess,
                budget: None,
                peer: peer.map(str::to_owned),
            };
            row(&promise, &run).map_err(|error| error.to_string())
        };
        assert_eq!(compared("peer/absent", Some("peer")), Ok(None));
        assert_eq!(compared("peer/absent", None), Err("no line `peer/absent:` was printed".to_owned()));
        assert_eq!(compared("peer/cut", Some("peer")), Err("`peer/cut` has no figure cpu".to_owned()));
    }

    #[test]
    fn a_speed_needs_what_it_counts() {
        check(
            criterion("bytes"),
            Unit::PerSecond,
            None,
            Err("the bench declares nothing that the unit /s counts"),
        );
    }

    #[test]
    fn a_value_may_be_printed() {
        let line = "publish/10 wall ns";
        check(printed(line, "p99"), Unit::Microseconds, Some(10.0), Ok((9.0, "us", Some(true))));
        check(printed(line, "p99"), Unit::Syncs, Some(9_000.0), Ok((9_000.0, "fsyncs", Some(true))));
        check(printed(line, "p99"), Unit::Syncs, Some(9_001.0), Ok((9_000.0, "fsyncs", Some(false))));
        check(printed(line, "p99"), Unit::Bytes, Some(9_001.0), Ok((9_000.0, "B", Some(true))));
        check(printed(line, "p90"), Unit::Microseconds, None, Err("`publish/10 wall ns` has no figure p90"));
        check(printed("publish/1", "p99"), Unit::Microseconds, None, Err("no line `publish/1:` was printed"));
    }

    #[test]
    fn a_printed_time_may_come_with_what_was_handled_in_it() {
        let with = |elements: Option<&str>, bytes: Option<&str>| Measured::Printed {
            line: "publish/10 wall ns".to_owned(),
            figure: "p50".to_owned(),
            elements: elements.map(str::to_owned),
            bytes: bytes.map(str::to_owned),
        };
        check(with(Some("p99"), None), Unit::PerSecond, None, Ok((6_000_000_000.0, "/s", None)));
        check(with(None, Some("p99")), Unit::MegabytesPerSecond, None, Ok((6_000.0, "MB/s", None)));
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
