//! What sources sent and could not be read, from the files that keep it.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use doorward_serve::answers::rejects::FILES;
use serde_json::{Value, json};

use crate::cli::health::{RejectListArgs, RejectVerb};
use crate::verbs::folder;
use crate::verbs::grid::{Column, rows};
use crate::verbs::print::print;

/// Lists rejects.
pub(crate) fn reject(verb: &RejectVerb) -> Result<()> {
    let RejectVerb::List(args) = verb;
    let (items, more) = newest(args)?;
    let listed = json!({"items": items, "more": more});
    print(&listed, args.output, |_| table(&items, more))
}

/// The newest that are asked for, and how many older ones there are.
fn newest(args: &RejectListArgs) -> Result<(Vec<Value>, usize)> {
    let (mut kept, mut seen) = (VecDeque::new(), 0_usize);
    for path in files(args)? {
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound && args.file.is_none() => continue,
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        for line in BufReader::new(file).split(b'\n') {
            let line = line.with_context(|| format!("cannot read {}", path.display()))?;
            // A crash may have cut a line, and a server may be writing the last one.
            let Ok(reject) = serde_json::from_slice::<Value>(&line) else { continue };
            if is_asked_for(args, &reject) {
                seen += 1;
                kept.push_front(reject);
                kept.truncate(args.limit.get());
            }
        }
    }
    let more = seen - kept.len();
    Ok((kept.into(), more))
}

/// The older file first.
fn files(args: &RejectListArgs) -> Result<Vec<PathBuf>> {
    if let Some(file) = &args.file {
        return Ok(vec![file.clone()]);
    }
    let dir: &Path = args.data_dir.as_deref().unwrap_or_else(|| Path::new("."));
    folder::must_be_there(dir)?;
    Ok(FILES.map(|name| dir.join(name)).to_vec())
}

fn is_asked_for(args: &RejectListArgs, reject: &Value) -> bool {
    let text = |member: &str| reject.get(member).and_then(Value::as_str).unwrap_or_default();
    args.source.as_deref().is_none_or(|source| text("source") == source)
        && args.reason.as_deref().is_none_or(|reason| text("reason").contains(reason))
}

fn table(items: &[Value], more: usize) -> String {
    match (items.is_empty(), more) {
        (true, _) => "No rejects.\n".to_owned(),
        (false, 0) => rows(items, &REJECTS),
        (false, more) => format!("{}{more} more: --limit N lists them.\n", rows(items, &REJECTS)),
    }
}

const REJECTS: [Column; 4] =
    [("source", "/source"), ("record", "/record"), ("reason", "/reason"), ("hash", "/hash")];
