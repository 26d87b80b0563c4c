//! What sources sent and could not be read: kept by a server, in a data folder, or in a file of a scan.

use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use doorward_model::id::FactNumber;
use doorward_serve::answers::query::{Query, QueryError};
use doorward_serve::answers::rejects::{FIELDS, FILES, Place, Shown, rejects};
use serde_json::Value;

use crate::cli::Output;
use crate::cli::health::{RejectListArgs, RejectVerb};
use crate::client::Client;
use crate::verbs::grid::{Column, rows};
use crate::verbs::print::print;
use crate::verbs::source::{COUNTED_MAX, Filter, More, more, pages};
use crate::verbs::{folder, tables};

/// Lists rejects.
pub(crate) fn reject(verb: &RejectVerb) -> Result<()> {
    let RejectVerb::List(args) = verb;
    match files(args)? {
        Some(files) => list(args, |asked| of_files(&files, asked)),
        None => {
            let client = Client::new(&args.listing.asking.api)?;
            list(args, |asked| client.get(&["v1", "rejects"], &asked))
        }
    }
}

fn list(args: &RejectListArgs, page: impl Fn(Vec<Filter>) -> Result<Value>) -> Result<()> {
    let fields = [("source", &args.source), ("q", &args.search)];
    let filters: Vec<Filter> =
        fields.into_iter().filter_map(|(field, value)| Some((field, value.clone()?))).collect();
    let listing = &args.listing;
    let found = pages(&filters, (listing.limit, listing.cursor.clone()), &page)?;
    let output = listing.asking.output;
    let more = if output == Output::Table { more(&filters, &found, COUNTED_MAX, &page)? } else { More::None };
    print(&found, output, |found| tables::page("rejects", |items| rows(items, &REJECTS), found, more))
}

/// The files to read, the newer one first; none where a server is asked. They can be read while a server writes them.
fn files(args: &RejectListArgs) -> Result<Option<Vec<File>>> {
    let Some(dir) = &args.listing.asking.data_dir else {
        return args.file.as_deref().map(|path| Ok(vec![open(path)?])).transpose();
    };
    folder::must_be_there(dir)?;
    let paths: Vec<PathBuf> = FILES.iter().rev().map(|name| dir.join(name)).collect();
    let is_there = |opened: &Result<File>| {
        let cause = opened.as_ref().err().and_then(|error| error.downcast_ref::<std::io::Error>());
        cause.is_none_or(|cause| cause.kind() != ErrorKind::NotFound)
    };
    paths.iter().map(|path| open(path)).filter(is_there).collect::<Result<_>>().map(Some)
}

fn open(path: &Path) -> Result<File> {
    File::open(path).with_context(|| format!("cannot read {}", path.display()))
}

fn of_files(files: &[File], asked: Vec<Filter>) -> Result<Value> {
    let pairs = asked.into_iter().map(|(field, value)| (field.to_owned(), value));
    let query = Query::read(pairs, &FIELDS, usize::MAX)?;
    let place = |cursor: &str| Place::read(cursor).ok_or(QueryError::Cursor);
    let from = query.cursor.as_deref().map(place).transpose()?;
    let page = rejects(files, &query, (from, Shown::Kept, FactNumber::default()))?;
    Ok(serde_json::to_value(page)?)
}

const REJECTS: [Column; 4] =
    [("source", "/source"), ("record", "/record"), ("reason", "/reason"), ("hash", "/hash")];
