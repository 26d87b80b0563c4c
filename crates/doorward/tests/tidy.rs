//! House rules that no compiler checks: which room may use which, what a pure room may depend on, how files look.
//!
//! Each rule lists what breaks it, so a failure names the place. To change a rule, change it here and in
//! ARCHITECTURE.md or CONTRIBUTING.md, in a change of its own.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

type Outcome = Result<(), Box<dyn Error>>;

/// Each room, and the rooms that it may use. Folder `crates/x` holds package `doorward-x`.
const ROOMS: [(&str, &[&str]); 15] = [
    ("model", &[]),
    ("intake", &["model"]),
    ("privilege", &["model"]),
    ("views", &["model"]),
    ("proof", &["model"]),
    ("simulate", &["model"]),
    ("policy", &["proof", "privilege", "views", "model"]),
    ("detect", &["views", "privilege", "model"]),
    ("respond", &["views", "privilege", "model"]),
    ("govern", &["views", "privilege", "model"]),
    ("engine", &["govern", "respond", "detect", "policy", "proof", "views", "privilege", "intake", "model"]),
    ("journal", &["model"]),
    ("connect", &["intake", "proof", "model"]),
    (
        "serve",
        &[
            "engine",
            "policy",
            "proof",
            "privilege",
            "govern",
            "respond",
            "views",
            "intake",
            "journal",
            "model",
        ],
    ),
    ("xtask", &[]),
];

/// The rooms that do I/O; all others are pure. `doorward` is above them and sees all.
const EDGES: [&str; 5] = ["journal", "connect", "serve", "doorward", "xtask"];

/// What a pure room never depends on: runtimes, sockets, files, clocks, randomness. A trailing `*` stands for any end.
const IMPURE: [&str; 31] = [
    "anyhow",
    "async-*",
    "aws-config",
    "aws-sdk-*",
    "axum",
    "fastrand",
    "futures*",
    "getrandom",
    "h2",
    "hyper*",
    "indicatif",
    "kube*",
    "memmap2",
    "mio",
    "notify",
    "num_cpus",
    "object_store",
    "opentelemetry*",
    "rand",
    "rayon",
    "reqwest",
    "rusqlite",
    "smol",
    "socket2",
    "tempfile",
    "tokio*",
    "tonic*",
    "tower*",
    "tracing*",
    "ureq",
    "walkdir",
];

const FILE_LINES: usize = 500;
const CRATE_DOC_LINES: usize = 4;
const ARCHITECTURE_LINES: usize = 120;

#[test]
fn rooms_use_only_what_lies_below_them() -> Outcome {
    let mut broken = Vec::new();
    for package in packages()? {
        for dependency in &package.dependencies {
            let Some(used) = room(&dependency.name) else { continue };
            if !allowed(package.room(), used, dependency.is_dev()) {
                broken.push(format!("{} uses {used}", package.room()));
            }
        }
    }
    assert_eq!(broken, Vec::<String>::new());
    Ok(())
}

#[test]
fn every_crate_is_a_room() -> Outcome {
    let known = |name: &str| name == "doorward" || ROOMS.iter().any(|(room, _)| *room == name);
    let strange: Vec<String> = packages()?
        .into_iter()
        .map(|package| package.room().to_owned())
        .filter(|name| !known(name))
        .collect();
    assert_eq!(strange, Vec::<String>::new());
    Ok(())
}

#[test]
fn pure_rooms_depend_on_nothing_that_does_io() -> Outcome {
    let mut broken = Vec::new();
    for package in packages()?.iter().filter(|package| !EDGES.contains(&package.room())) {
        let impure = package.dependencies.iter().filter(|one| !one.is_dev() && is_impure(&one.name));
        broken.extend(impure.map(|one| format!("{} depends on {}", package.room(), one.name)));
    }
    assert_eq!(broken, Vec::<String>::new());
    Ok(())
}

#[test]
fn every_crate_takes_its_lints_from_the_workspace() -> Outcome {
    let mut broken = Vec::new();
    for package in packages()? {
        let manifest = fs::read_to_string(&package.manifest_path)?;
        if !manifest.contains("[lints]\nworkspace = true") {
            broken.push(package.name);
        }
    }
    assert_eq!(broken, Vec::<String>::new());
    Ok(())
}

#[test]
fn every_library_opens_by_saying_what_it_is() -> Outcome {
    let mut broken = Vec::new();
    for package in packages()?.iter().filter(|package| package.name != "xtask") {
        let library = fs::read_to_string(package.folder().join("src/lib.rs"))?;
        if library.lines().take_while(|line| line.starts_with("//!")).count() < CRATE_DOC_LINES {
            broken.push(package.name.clone());
        }
    }
    assert_eq!(broken, Vec::<String>::new());
    Ok(())
}

#[test]
fn files_are_short() -> Outcome {
    let mut broken = Vec::new();
    for (path, text) in sources()?.iter().filter(|(path, _)| path.contains("/src/")) {
        let lines = text.lines().count() - test_lines(text);
        if lines > FILE_LINES {
            broken.push(format!("{path} has {lines} lines"));
        }
    }
    assert_eq!(broken, Vec::<String>::new());
    Ok(())
}

#[test]
fn sources_hold_nothing_unfinished() -> Outcome {
    // Split, so that this file passes its own rule.
    let words = [concat!("tod", "o!("), concat!("TO", "DO"), concat!("FIX", "ME"), concat!("#[ign", "ore")];
    assert_eq!(mentions(&sources()?, &words), Vec::<String>::new());
    Ok(())
}

#[test]
fn modules_lie_beside_their_folder() -> Outcome {
    let files: Vec<String> =
        sources()?.into_iter().map(|(path, _)| path).filter(|path| path.ends_with("/mod.rs")).collect();
    assert_eq!(files, Vec::<String>::new());
    Ok(())
}

#[test]
fn files_name_no_machine_and_no_issue_number() -> Outcome {
    let files = texts(&["rs", "toml", "md", "yaml", "yml", "cedar", "cedarschema", "sh", "run"])?;
    let mut broken = mentions(&files, &[concat!("/wo", "rk/"), concat!("/tm", "p/")]);
    for (path, text) in &files {
        let numbered = text.lines().enumerate().filter(|(_, line)| names_an_issue(line));
        broken.extend(numbered.map(|(line, _)| format!("{path}:{} names an issue", line + 1)));
    }
    assert_eq!(broken, Vec::<String>::new());
    Ok(())
}

#[test]
fn the_changelog_has_a_place_for_the_next_change() -> Outcome {
    let changelog = fs::read_to_string(root().join("CHANGELOG.md"))?;
    let headings: Vec<&str> = changelog.lines().filter(|line| line.starts_with("## ")).take(1).collect();
    assert_eq!(headings, ["## [Unreleased]"]);
    Ok(())
}

#[test]
fn the_architecture_page_is_one_page_and_names_every_crate() -> Outcome {
    let page = fs::read_to_string(root().join("ARCHITECTURE.md"))?;
    let mut broken = Vec::new();
    if page.lines().count() > ARCHITECTURE_LINES {
        broken.push(format!("{} lines are more than a page", page.lines().count()));
    }
    for package in packages()? {
        let folder = package.folder();
        let shown = folder.strip_prefix(root()).unwrap_or(folder).display();
        if !page.contains(&format!("`{shown}`")) {
            broken.push(format!("`{shown}` is missing"));
        }
    }
    assert_eq!(broken, Vec::<String>::new());
    Ok(())
}

#[test]
fn a_rule_sees_what_breaks_it() {
    assert_eq!(["hyper-util", "tokio", "randomart"].map(is_impure), [true, true, false]);
    assert_eq!(
        [concat!("see issue", " 7"), concat!("issue", " #12"), "issue a token"].map(names_an_issue),
        [true, true, false]
    );
    assert_eq!(test_lines("fn a() {}\n\n#[cfg(test)]\nmod tests {\n    use b;\n}\n"), 4);
    assert_eq!(test_lines("fn a() {}\n#[cfg(test)]\nmod tests;\n"), 2);
    let dev_edges = [("detect", "simulate"), ("model", "simulate"), ("views", "policy")];
    assert_eq!(dev_edges.map(|(user, used)| allowed(user, used, true)), [true, false, false]);
    assert_eq!(dev_edges.map(|(user, used)| allowed(user, used, false)), [false, false, false]);
}

/// Whether `user` may depend on `used`. Tests may also draw their input from the simulated organisation.
fn allowed(user: &str, used: &str, dev: bool) -> bool {
    let listed = ROOMS.iter().find(|(room, _)| *room == user).is_some_and(|(_, below)| below.contains(&used));
    user == "doorward" || listed || (dev && used == "simulate" && user != "model")
}

/// The room that a package holds, where it is one of ours.
fn room(package: &str) -> Option<&str> {
    if package == "doorward" || package == "xtask" {
        Some(package)
    } else {
        package.strip_prefix("doorward-")
    }
}

fn is_impure(name: &str) -> bool {
    IMPURE.iter().any(|pattern| match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == *pattern,
    })
}

/// How many lines at the end of a file are its unit tests; lints keep them at the end.
fn test_lines(text: &str) -> usize {
    let start = text.find("#[cfg(test)]\nmod ").and_then(|start| text.get(start..));
    start.map_or(0, |tests| tests.lines().count())
}

fn names_an_issue(line: &str) -> bool {
    let line = line.to_lowercase();
    let mut after = line.match_indices("issue").filter_map(|(at, word)| line.get(at + word.len()..));
    after.any(|rest| rest.trim_start_matches(['s', ' ', '#']).starts_with(|next: char| next.is_ascii_digit()))
}

/// Each place where one of the words stands, as `path:line says word`.
fn mentions(files: &[(String, String)], words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for (path, text) in files {
        for (number, line) in text.lines().enumerate() {
            let said = words.iter().filter(|word| line.contains(**word));
            found.extend(said.map(|word| format!("{path}:{} says {word}", number + 1)));
        }
    }
    found
}

#[derive(Debug, Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
    dependencies: Vec<Dependency>,
}

#[derive(Debug, Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
}

impl Package {
    fn room(&self) -> &str {
        room(&self.name).unwrap_or(&self.name)
    }

    fn folder(&self) -> &Path {
        self.manifest_path.parent().unwrap_or(&self.manifest_path)
    }
}

impl Dependency {
    fn is_dev(&self) -> bool {
        self.kind.as_deref() == Some("dev")
    }
}

/// The packages of the workspace, as cargo itself reads their manifests.
fn packages() -> Result<Vec<Package>, Box<dyn Error>> {
    let args = ["metadata", "--no-deps", "--offline", "--format-version", "1"];
    let output = Command::new(env!("CARGO")).args(args).current_dir(root()).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let metadata: Metadata = serde_json::from_slice(&output.stdout)?;
    Ok(metadata.packages)
}

fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here)
}

fn sources() -> Result<Vec<(String, String)>, Box<dyn Error>> {
    texts(&["rs"])
}

/// The files of the repository with one of these endings, as path and text, without build output and samples.
fn texts(endings: &[&str]) -> Result<Vec<(String, String)>, Box<dyn Error>> {
    let mut found = Vec::new();
    let mut folders = vec![root().to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let ending = path.extension().or_else(|| path.file_name()).and_then(|ending| ending.to_str());
            if path.is_dir() {
                folders.extend((!NOT_OURS.iter().any(|folder| path.ends_with(folder))).then_some(path));
            } else if ending.is_some_and(|ending| endings.contains(&ending)) {
                let shown = path.strip_prefix(root())?.display().to_string();
                found.push((shown, fs::read_to_string(&path)?));
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Folders whose files nobody here writes by hand.
const NOT_OURS: [&str; 7] =
    [".git", "target", "fuzz/artifacts", "fuzz/corpus", "node_modules", "snapshots", "testdata"];
