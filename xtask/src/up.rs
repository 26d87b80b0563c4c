//! `cargo xtask up`: build, then the main job.

use std::path::{PathBuf, absolute};

use anyhow::{Context as _, Result, bail};

use crate::place;
use crate::process::{cargo, run};

/// Builds the release binary and scans: the simulated organisation, or the paths after `--import`.
pub(crate) fn up(args: &[String]) -> Result<()> {
    // Commands run in the root, and the paths were meant from where the user stands.
    let given = imported(args)?.iter().map(absolute).collect::<Result<Vec<PathBuf>, _>>();
    let paths = given.context("cannot tell where the files to import lie")?;
    run(&mut cargo(["build", "--release", "--package", "doorward"]))?;
    if !paths.is_empty() {
        return doorward("scan", &paths);
    }
    let demo = [place::fresh("demo")?];
    doorward("demo", &demo)?;
    doorward("scan", &demo)
}

fn imported(args: &[String]) -> Result<&[String]> {
    match args {
        [] => Ok(&[]),
        [flag, paths @ ..] if flag == "--import" && !paths.is_empty() => Ok(paths),
        _ => bail!("after `--` comes nothing, or `--import` with files and folders"),
    }
}

fn doorward(verb: &str, paths: &[PathBuf]) -> Result<()> {
    let start = ["run", "--release", "--quiet", "--package", "doorward", "--", verb];
    run(cargo(start).args(paths))
}

#[cfg(test)]
mod tests {
    use super::imported;

    fn check(args: &[&str], expected: Result<&[&str], &str>) {
        let args: Vec<String> = args.iter().map(|arg| String::from(*arg)).collect();
        let found = imported(&args).map(|paths| paths.iter().map(String::as_str).collect::<Vec<_>>());
        let found = found.as_deref().map_err(ToString::to_string);
        assert_eq!(found, expected.map_err(String::from));
    }

    #[test]
    fn only_import_with_paths_is_understood() {
        let refusal = Err("after `--` comes nothing, or `--import` with files and folders");
        check(&[], Ok(&[]));
        check(&["--import", "logs", "gaad.json"], Ok(&["logs", "gaad.json"]));
        check(&["--import"], refusal);
        check(&["logs"], refusal);
    }
}
