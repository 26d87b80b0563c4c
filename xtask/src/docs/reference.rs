//! Pages that the program itself prints, and its output where README shows it.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail, ensure};

use crate::place;
use crate::process::{cargo, output, run};

/// Writes the pages.
pub(super) fn write() -> Result<()> {
    for (path, page) in pages()? {
        fs::write(&path, page).with_context(|| format!("cannot write {}", path.display()))?;
        println!("wrote {}", path.display());
    }
    Ok(())
}

/// Fails where a page is not what the program prints.
pub(crate) fn check() -> Result<()> {
    let mut stale = Vec::new();
    for (path, page) in pages()? {
        if fs::read_to_string(&path).ok().as_deref() != Some(page.as_str()) {
            stale.push(path.display().to_string());
        }
    }
    ensure!(stale.is_empty(), "not what the program prints: {}; run `cargo xtask docs`", stale.join(", "));
    Ok(())
}

/// Each page with what it should hold.
fn pages() -> Result<Vec<(PathBuf, String)>> {
    run(&mut cargo(["build", "--package", "doorward"]))?;
    let start = ["run", "--quiet", "--package", "doorward", "--"];
    let mut pages = Vec::new();
    for page in PAGES {
        let extension = if page == "openapi" { "json" } else { "md" };
        let path = place::root().join("docs").join(page).with_extension(extension);
        pages.push((path, output(cargo(start).args(["reference", page]))?));
    }
    let demo = place::fresh("docs")?.join("demo");
    run(cargo(start).args(["demo", "--quiet"]).arg(&demo))?;
    let scanned = output(cargo(start).arg("scan").arg(&demo))?;
    let path = place::root().join("README.md");
    let readme = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let way = |form: &[&str]| output(cargo(start).args(PATH).args(form).arg("--files").arg(demo.join("iam")));
    pages.push((place::root().join("docs/path.svg"), way(&["-o", "svg"])?));
    let way = way(&[])?;
    let readme = with_sample(&readme, (COMMAND, &sample(&scanned)?))?;
    let asked = format!("$ doorward {} --files demo/iam\n", PATH.join(" "));
    let readme = with_sample(&readme, (&asked, &way))?;
    pages.push((path, readme));
    let path = place::root().join("docs/privilege.md");
    let page = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let analyzed = output(cargo(start).args(["privilege", "analyze", "--quiet"]).arg(&demo))?;
    let page = with_sample(&page, ("$ doorward privilege analyze demo\n", &used(&analyzed)?))?;
    let way = output(cargo(start).args(USED).arg("--files").arg(&demo))?;
    let asked = format!("$ doorward {} --files demo\n", USED.join(" "));
    pages.push((path, with_sample(&page, (&asked, &way))?));
    Ok(pages)
}

/// What an analysis says of the use of rights, by the first log.
fn used(analyzed: &str) -> Result<String> {
    let lines: Option<Vec<&str>> = analyzed
        .split_once(USED_HEAD)
        .map(|(_, rest)| rest.lines().take_while(|line| !line.is_empty()).collect());
    let (logs, sums): (Vec<&str>, Vec<&str>) =
        lines.unwrap_or_default().into_iter().partition(|line| line.contains(" events of "));
    let log = logs.first().with_context(|| "the analysis of the simulated organisation tells of no log")?;
    Ok(format!("…\n{USED_HEAD}{log}\n…\n{}\n…\n", sums.join("\n")))
}

/// The first screen of a report, and the first two of its findings.
fn sample(report: &str) -> Result<String> {
    let (Some((screen, rest)), Some(at)) = (report.split_once("\n most active"), report.find("\n  1. "))
    else {
        bail!("the report of the simulated organisation has no second screen");
    };
    let details = rest.find("\n\n  1. ").and_then(|found| rest.get(found + 2..)).unwrap_or_default();
    ensure!(at > 0 && !details.is_empty(), "the report of the simulated organisation tells of no finding");
    let second = details.find("\n\n").map_or(details.len(), |end| end + 2);
    let (first, others) = details.split_at_checked(second).unwrap_or((details, ""));
    let others: Vec<_> = others.lines().take(SECOND_LINES).collect();
    Ok(format!("{}\n…\n{first}{}\n…\n", screen.trim_end(), others.join("\n")))
}

/// README with the block after the command that prints it replaced.
fn with_sample(readme: &str, (command, sample): (&str, &str)) -> Result<String> {
    let parts = readme.split_once(command).and_then(|(before, after)| {
        let (between, after) = after.split_once(OPENING)?;
        let (_, after) = after.split_once(CLOSING)?;
        Some(format!("{before}{command}{between}{OPENING}{sample}{CLOSING}{after}"))
    });
    parts.with_context(|| format!("README has no block of text after `{}`", command.trim()))
}

const PAGES: [&str; 6] = ["cli", "configuration", "escalation", "findings", "openapi", "simulator"];
const COMMAND: &str = "$ doorward scan demo\n";
/// The question about privilege whose answer README shows.
const PATH: [&str; 5] =
    ["path", "103086136405:role/gha-billing-ingest-deploy", "admin:103086136405", "--ways", "1"];
/// The question about use whose answer the page on privilege shows.
const USED: [&str; 6] = [
    "path",
    "github:corp-example/billing-ingest:ref:refs/heads/main",
    "103086136405:role/gha-billing-ingest-deploy",
    "--used-only",
    "--ways",
    "1",
];
const USED_HEAD: &str = "Used of what is granted:\n";
const OPENING: &str = "```text\n";
const CLOSING: &str = "```\n";
const SECOND_LINES: usize = 5;

#[cfg(test)]
mod tests {
    use super::{COMMAND, sample, with_sample};

    #[test]
    fn readme_shows_the_first_screen_and_the_first_findings() {
        let report = "Read 1.\n\nLook at these 2 first:\n  1.  high\n  2.  high\n\n most active  kind\n x\n\n  1. a (high)\n     Why.\n\n  2. b (high)\n     l2\n     l3\n     l4\n     l5\n     l6\n";
        let shown = "Read 1.\n\nLook at these 2 first:\n  1.  high\n  2.  high\n…\n  1. a (high)\n     Why.\n\n  2. b (high)\n     l2\n     l3\n     l4\n     l5\n…\n";
        assert_eq!(sample(report).unwrap(), shown);
        let readme = "a\n$ doorward scan demo\n```\n\n```text\nold\n```\nz\n";
        let expected = "a\n$ doorward scan demo\n```\n\n```text\nnew\n```\nz\n";
        assert_eq!(with_sample(readme, (COMMAND, "new\n")).unwrap(), expected);
        let said = |refused: anyhow::Result<String>| refused.unwrap_err().to_string();
        assert_eq!(
            said(with_sample("nothing", (COMMAND, "new\n"))),
            "README has no block of text after `$ doorward scan demo`"
        );
        assert_eq!(
            said(sample("Read 0.\n")),
            "the report of the simulated organisation has no second screen"
        );
    }
}
