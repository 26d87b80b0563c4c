//! `cargo xtask up`: build, then the main job.

use std::path::{PathBuf, absolute};

use anyhow::{Context as _, Result, bail};

use crate::place;
use crate::process::{cargo, run};

/// Builds the release binary and serves, with a fresh data folder: the simulated organisation, or the paths after
/// `--import`.
pub(crate) fn up(args: &[String]) -> Result<()> {
    // Commands run in the root, and the paths were meant from where the user stands.
    let given = imported(args)?.iter().map(absolute).collect::<Result<Vec<PathBuf>, _>>();
    let paths = given.context("cannot tell where the files to import lie")?;
    run(&mut cargo(["build", "--release", "--package", "doorward"]))?;
    let serve = ["run", "--release", "--quiet", "--package", "doorward", "--", "serve", "--data-dir"];
    let mut serve = cargo(serve);
    serve.arg(place::fresh("up")?);
    if paths.is_empty() {
        serve.arg("--demo");
    } else {
        serve.arg("--import").args(paths);
    }
    run(&mut serve)
}

fn imported(args: &[String]) -> Result<&[String]> {
    match args {
        [] => Ok(&[]),
        [flag, paths @ ..] if flag == "--import" && !paths.is_empty() => Ok(paths),
        _ => bail!("after `--` comes nothing, or `--import` with files and folders"),
    }
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
