//! The tables of `docs/detection.md`, from what the bench `ablation` of the package `doorward-engine` left.

#[path = "../../../benches/ablation_report.rs"]
mod ablation_report;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use anyhow::{Context as _, Result};
use comfy_table::Table;
use comfy_table::presets::ASCII_MARKDOWN;

use crate::place;

use self::ablation_report::{Judged, Report};

/// Puts the tables between the two marks of the page; leaves it as it is where nothing was measured.
pub(super) fn render() -> Result<()> {
    let file = place::target().join("bench").join("ablation.json");
    let path = place::root().join("docs/detection.md");
    if !file.exists() {
        println!("left {} as it is: the bench ablation was not run", path.display());
        return Ok(());
    }
    let shown = file.display();
    let text = fs::read_to_string(&file).with_context(|| format!("cannot read {shown}"))?;
    let report: Report = serde_json::from_str(&text).with_context(|| format!("cannot understand {shown}"))?;
    let page = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let marks = page.split_once(BEGIN).and_then(|(head, tail)| Some((head, tail.split_once(END)?.1)));
    let (head, tail) = marks.with_context(|| format!("{} has no {BEGIN} and {END}", path.display()))?;
    let page = format!("{head}{BEGIN}\n{}\n{END}{tail}", tables(&report)?);
    fs::write(&path, page).with_context(|| format!("cannot write {}", path.display()))?;
    println!("wrote {}", path.display());
    Ok(())
}

fn tables(report: &Report) -> Result<String> {
    let mut text = String::new();
    let Report { reporting, quiet_identities, days, judged_days, machine_years, shipped, .. } = report;
    writeln!(
        text,
        "\nWhat ships, on seeds {reporting}: for each, a quiet organisation of {quiet_identities} identities, and two \
         of 300 that are attacked; {days} days of events, of which the last {judged_days} are judged. \
         {machine_years:.0} machine identity-years are quiet.\n"
    )?;
    let (people, machines) = (&shipped.false_of_people, &shipped.false_of_machines);
    let sum = |counts: &BTreeMap<String, u32>| counts.values().sum::<u32>();
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN).set_header(["what", "value"]);
    table.add_row(["attacks found".to_owned(), shipped.found().shown()]);
    table.add_row([
        "of those from the victim's own network and client".to_owned(),
        shipped.same_place.shown(),
    ]);
    table.add_row(["median time to detection".to_owned(), format!("{} min", shipped.median_minutes())]);
    table.add_row([
        "false findings a day and organisation".to_owned(),
        format!("{:.2}", shipped.false_a_day()),
    ]);
    table.add_row([
        "false findings of machines in a machine-year".to_owned(),
        format!("{:.2}", f64::from(sum(machines)) / machine_years),
    ]);
    for (kind, count) in machines {
        table.add_row([format!("false: {kind}, machines"), count.to_string()]);
    }
    for (kind, count) in people {
        table.add_row([format!("false: {kind}, people"), count.to_string()]);
    }
    writeln!(text, "{table}\n")?;
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN).set_header(["attack", "found"]);
    for (name, found) in &shipped.attacks {
        table.add_row([name.clone(), found.shown()]);
    }
    writeln!(text, "{table}\n")?;
    writeln!(
        text,
        "One number varied at a time, on seeds {} (the first row is what ships, on the same seeds). Defaults were \
         chosen on seeds {}, which are not reported.\n",
        report.varying, report.choosing
    )?;
    writeln!(text, "{}", varied(&report.variants))?;
    Ok(text)
}

fn varied(variants: &[Judged]) -> Table {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN).set_header([
        "number",
        "is",
        "attacks found",
        "own network and client",
        "false a day",
        "median min",
    ]);
    for one in variants {
        let value = one.value.map(|value| format!(": {value}")).unwrap_or_default();
        table.add_row([
            one.number.clone(),
            format!("{}{value}", one.how),
            one.found().shown(),
            one.same_place.shown(),
            format!("{:.2}", one.false_a_day()),
            one.median_minutes(),
        ]);
    }
    table
}

const BEGIN: &str =
    "<!-- measured: cargo bench -p doorward-engine --bench ablation, then cargo xtask docs -->";
const END: &str = "<!-- /measured -->";
