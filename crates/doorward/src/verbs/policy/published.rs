//! The policies that decide: publishing others, and showing them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use doorward_serve::policy_files::Costs;
use serde_json::{Value, json};

use super::{dear, read, texts};
use crate::cli::files::{PolicyPublishArgs, PolicyShowArgs};
use crate::client::Client;
use crate::verbs::grid::{Column, fields, rows, text};
use crate::verbs::print::print;
use crate::verbs::source::Source;
use crate::verbs::world;

/// Publishes files that are valid; what is wrong with others is told before anything is sent.
pub(super) fn publish(args: &PolicyPublishArgs) -> Result<()> {
    let others = (&args.schema, &args.entities);
    let (set, _) = read(&args.folder, others)?.map_err(|errors| world::joined(&errors))?;
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    for (path, text) in texts(&args.folder, others)? {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if files.insert(name.clone(), text).is_some() {
            bail!("two files are named {name}: a policy set names each of its files once");
        }
    }
    let body = json!({"files": files, "mode": args.mode, "risk_max": args.risk_max});
    let done = Client::new(&args.telling.api)?.post(&["v1", "policy"], &[], &body)?;
    print(&done, args.telling.output, |done| {
        let count = set.len();
        let noun = if count == 1 { "policy" } else { "policies" };
        let Costs { candidates, warnings, .. } = Costs::from(&set);
        let dear = dear(&candidates, &warnings);
        format!("Published {count} {noun} in mode {} (fact {}).\n{dear}", args.mode, text(done, "/fact"))
    })
}

/// Shows the set that decides, or writes its files.
pub(super) fn show(args: &PolicyShowArgs) -> Result<()> {
    let policy = Source::at(args.asking.place(), args.as_of)?.policy()?;
    let policy =
        policy.context("no policy set is published: doorward policy publish FOLDER publishes one")?;
    if let Some(folder) = &args.to {
        write(folder, &policy)?;
    }
    print(&policy, args.asking.output, table)
}

fn write(folder: &Path, policy: &Value) -> Result<()> {
    if fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) {
        bail!("{} is not empty: name a folder that is empty or does not exist", folder.display());
    }
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    for (name, text) in policy.get("files").and_then(Value::as_object).into_iter().flatten() {
        // The names come from a server: they must not lead out of the folder.
        let is_plain = Path::new(name).file_name().is_some_and(|plain| plain == name.as_str());
        if !is_plain {
            return Err(anyhow!("{name:?} is no name of a file"));
        }
        let path = folder.join(name);
        let text = text.as_str().unwrap_or_default();
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

fn table(policy: &Value) -> String {
    let files = policy.get("files").and_then(Value::as_object).into_iter().flatten();
    let files: Vec<_> = files
        .map(|(name, text)| {
            let text = text.as_str().unwrap_or_default();
            json!({"name": name, "lines": text.lines().count(), "bytes": text.len()})
        })
        .collect();
    format!("{}\nFiles (--to DIR writes them):\n{}", fields(policy, &POLICY), rows(&files, &FILES))
}

const POLICY: [Column; 4] =
    [("hash", "/hash"), ("mode", "/mode"), ("greatest risk", "/risk_max"), ("published by", "/by")];
const FILES: [Column; 3] = [("name", "/name"), ("lines", "/lines"), ("bytes", "/bytes")];
