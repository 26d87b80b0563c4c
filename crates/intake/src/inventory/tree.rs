//! A folder that `iam-collect` has written: many small files of one account or one organisation, put together and read
//! as what they were made of, the answers of AWS.
//!
//! The layout, as the page "Storage" of that tool describes it: `aws/PARTITION/accounts/ID/SERVICE/.../THING/` holds a
//! file for each part of a thing (`metadata.json`, `policy.json`, ...), and `aws/PARTITION/organizations/ID/` the tree of
//! the organisation. What a thing is, its ARN tells, which stands in its metadata; names of folders have lost their case.
//! An empty part has no file.
//!
//! A folder counts all or not at all: with a file that cannot be read nothing of it does, but of an organisation which
//! accounts are in it, so that what limits them is unknown. A file that should be there and is not is told, and what would
//! stand in it is unknown.

mod account;
mod compose;
mod identity;
mod organisation;
mod resource;

use std::collections::BTreeMap;
use std::ops::Range;

use doorward_model::hash::Hash16;
use doorward_model::inventory::{AccountExport, Scope, Source};
use doorward_model::reject::{REJECT_KEPT_BYTES_MAX, Reject, RejectReason};

use crate::inventory::draft::Draft;
use crate::inventory::{rows, whole};
use crate::json::value::Value;
use crate::reader::{Item, Limits};
use crate::record;
use crate::redact::{Tokens, redacted};

/// What a folder is of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Account,
    Organisation,
    /// What other files say, sorted anew.
    Indexes,
}

/// Reads one folder of a tree, whose files are given one after the other in any order.
pub struct Tree {
    source: String,
    kind: Kind,
    /// The account, or the organisation.
    id: String,
    limits: Limits,
    /// Cleaned files by their paths within the folder, in lower case.
    files: BTreeMap<String, String>,
    bytes: u64,
    /// How many rejects there were.
    rejected: u64,
    tokens: Tokens,
}

impl std::fmt::Debug for Tree {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { source, kind, id, .. } = self;
        f.debug_struct("Tree")
            .field("source", source)
            .field("kind", kind)
            .field("id", id)
            .finish_non_exhaustive()
    }
}

impl Tree {
    /// The folder that a whole path names, with `/` between its parts; `None` where it is none of a tree.
    #[must_use]
    pub fn at(path: &str, source: &str, limits: Limits) -> Option<Self> {
        let (kind, id) = named(path)?;
        Some(Self {
            source: source.to_owned(),
            kind,
            id: id.to_owned(),
            limits,
            files: BTreeMap::new(),
            bytes: 0,
            rejected: 0,
            tokens: Tokens::new(),
        })
    }

    /// Whether a whole path names a folder of a tree.
    #[must_use]
    pub fn is_at(path: &str) -> bool {
        named(path).is_some()
    }

    /// Whether the content of files matters.
    #[must_use]
    pub fn is_read(&self) -> bool {
        self.kind != Kind::Indexes
    }

    /// Takes a file by its path within the folder.
    pub fn file(&mut self, path: &str, bytes: &[u8], out: &mut dyn FnMut(Item)) {
        let size = bytes.len() as u64;
        self.bytes = self.bytes.saturating_add(size);
        let hidden = self.tokens.hide(bytes);
        let max = self.limits.export_bytes_max;
        let read = match std::str::from_utf8(hidden.as_deref().unwrap_or(bytes)) {
            _ if self.bytes > max as u64 => {
                Err(RejectReason::Limit(format!("a folder of more than {max} bytes")))
            }
            Ok(text) => record::cleaned(text.trim_start_matches('\u{feff}'), self.limits.depth_max, THE_FILE),
            Err(_) => Err(RejectReason::Encoding("the file is not UTF-8 text".to_owned())),
        };
        match read {
            Ok(cleaned) => drop(self.files.insert(path.to_ascii_lowercase(), cleaned)),
            Err(reason) => self.broken(path, (bytes, 0..size), reason, out),
        }
    }

    /// A file cannot be read: nothing of the folder counts.
    pub fn broken(
        &mut self,
        path: &str,
        (bytes, range): (&[u8], Range<u64>),
        reason: RejectReason,
        out: &mut dyn FnMut(Item),
    ) {
        let mut kept = redacted(bytes.get(..REJECT_KEPT_BYTES_MAX).unwrap_or(bytes)).into_owned();
        kept.truncate(REJECT_KEPT_BYTES_MAX);
        self.rejected = self.rejected.saturating_add(1);
        out(Item::Reject(Reject {
            source: format!("{}/{path}", self.source),
            record: self.rejected,
            bytes: range,
            reason: self.refused(reason),
            kept,
            hash: Hash16::of(bytes),
        }));
    }

    /// Ends the folder and gives out what it holds.
    pub fn finish(mut self, out: &mut dyn FnMut(Item)) {
        if self.kind == Kind::Indexes {
            out(Item::Skipped { kind: "index of iam-collect".to_owned() });
            return;
        }
        let bytes = 0..self.bytes;
        let files = std::mem::take(&mut self.files);
        let things = things(&files);
        let members = (self.kind == Kind::Organisation).then(|| organisation::members(&things, &self.id));
        let members = members.flatten().map(|export| Item::Export(Box::new(export)));
        if self.rejected > 0 {
            return members.into_iter().for_each(out);
        }
        let mut folder = Folder::of(&self.id, &bytes);
        let read = match self.kind {
            Kind::Account => account::read(&things, &mut folder),
            Kind::Organisation | Kind::Indexes => organisation::read(&things, &mut folder),
        };
        match read {
            Ok(()) => folder.exports(&self.source).for_each(|export| out(Item::Export(Box::new(export)))),
            Err(reason) => {
                self.rejected = 1;
                let reason = self.refused(reason);
                let (kept, hash) = (Vec::new(), Hash16::of(&[]));
                out(Item::Reject(Reject { source: self.source, record: 1, bytes, reason, kept, hash }));
                members.into_iter().for_each(out);
            }
        }
    }

    fn refused(&self, reason: RejectReason) -> RejectReason {
        let said = |what: String| format!("{what}; nothing of {} in this folder counts", self.id);
        match reason {
            RejectReason::Syntax(what) => RejectReason::Syntax(said(what)),
            RejectReason::Truncated(what) => RejectReason::Truncated(said(what)),
            RejectReason::Encoding(what) => RejectReason::Encoding(said(what)),
            RejectReason::Field(what) => RejectReason::Field(said(what)),
            RejectReason::Limit(what) => RejectReason::Limit(said(what)),
            RejectReason::Unreadable(what) => RejectReason::Unreadable(said(what)),
            other => other,
        }
    }
}

/// How a file is called in what is said of its syntax.
const THE_FILE: &str = "the file";

/// What a whole path names, by its last parts: `aws/PARTITION/accounts/ID`, `aws/PARTITION/organizations/ID` or
/// `aws/PARTITION/indexes`.
fn named(path: &str) -> Option<(Kind, &str)> {
    let mut parts = path.trim_end_matches('/').rsplit('/');
    let (last, above) = (parts.next()?, parts.next()?);
    let is_account = last.len() == 12 && last.bytes().all(|byte| byte.is_ascii_digit());
    let (kind, partition) = match above {
        "accounts" if is_account => (Kind::Account, parts.next()?),
        "organizations" if last.starts_with("o-") => (Kind::Organisation, parts.next()?),
        _ if last == "indexes" => (Kind::Indexes, above),
        _ => return None,
    };
    let is_partition = partition == "aws" || partition.starts_with("aws-");
    (is_partition && parts.next() == Some("aws")).then_some((kind, last))
}

/// The files of one folder of a folder: what is told of one thing, by the names of its parts.
struct Thing<'a> {
    /// The folder, from the account or the organisation on.
    place: &'a str,
    parts: BTreeMap<&'a str, Value<'a>>,
}

impl<'a> Thing<'a> {
    /// A part.
    fn part(&self, name: &str) -> Option<Value<'a>> {
        self.parts.get(name).copied()
    }

    /// A part as text, `null` where it is not there.
    fn raw(&self, name: &str) -> &'a str {
        self.part(name).unwrap_or(Value::NULL).raw()
    }
}

fn things(files: &BTreeMap<String, String>) -> Vec<Thing<'_>> {
    let mut by_place: BTreeMap<&str, BTreeMap<&str, Value<'_>>> = BTreeMap::new();
    for (path, text) in files {
        let (place, name) = path.rsplit_once('/').unwrap_or(("", path));
        let Some(name) = name.strip_suffix(".json") else { continue };
        by_place.entry(place).or_default().insert(name, Value::new(text));
    }
    by_place.into_iter().map(|(place, parts)| Thing { place, parts }).collect()
}

/// What a folder tells.
struct Folder<'a> {
    /// The account or the organisation.
    id: &'a str,
    bytes: &'a Range<u64>,
    /// Rows of IAM, and others by account.
    iam: AccountExport,
    accounts: BTreeMap<String, AccountExport>,
    /// Which files are not there, in words.
    missing: Vec<String>,
}

impl<'a> Folder<'a> {
    fn of(id: &'a str, bytes: &'a Range<u64>) -> Self {
        let iam = AccountExport { account: id.to_owned(), ..AccountExport::default() };
        Self { id, bytes, iam, accounts: BTreeMap::new(), missing: Vec::new() }
    }

    /// Writes rows that a kind of source tells of the account of the folder.
    fn write(
        &mut self,
        source: Source,
        work: impl FnOnce(&mut Draft<'a>) -> Result<(), RejectReason>,
    ) -> Result<(), RejectReason> {
        let mut draft = Draft::new(source, self.bytes);
        self.id.clone_into(&mut draft.beside.account);
        work(&mut draft)?;
        for (account, told) in draft.accounts {
            let is_of_iam = source == Source::Iam && account == self.id;
            let place = if is_of_iam { &mut self.iam } else { self.accounts.entry(account).or_default() };
            place.add(told);
        }
        Ok(())
    }

    fn misses(&mut self, file: &str, place: &str) {
        self.missing.push(format!("{place}/{file}.json is not there"));
    }

    /// The rows, by account: those of IAM are a statement of the whole account, all others of themselves only. One says
    /// what is missing.
    fn exports(self, source: &str) -> impl Iterator<Item = AccountExport> {
        let Self { id, bytes, mut iam, mut accounts, missing } = self;
        if iam.identities.is_empty() {
            accounts.entry(id.to_owned()).or_default().add(std::mem::take(&mut iam));
        } else {
            iam.complete = missing.is_empty();
        }
        if !missing.is_empty() {
            let telling =
                if iam.identities.is_empty() { accounts.entry(id.to_owned()).or_default() } else { &mut iam };
            id.clone_into(&mut telling.account);
            telling.rejects.push(whole::told(telling, (&whole::first_of(&missing), AGAIN), bytes));
        }
        let others = accounts.into_iter().map(|(account, export)| AccountExport {
            account,
            scope: Scope::Rows,
            ..export
        });
        let exports = std::iter::once(iam).chain(others).map(move |export| {
            let mut export = rows::settled(export);
            export.rejects.iter_mut().for_each(|reject| source.clone_into(&mut reject.source));
            export
        });
        exports.filter(|export| export.counts().next().is_some() || !export.rejects.is_empty())
    }
}

/// How to mend a folder that is not whole.
const AGAIN: &str = "collect it again, or copy the whole folder";

#[cfg(test)]
mod tests {
    use super::{Kind, named};

    #[test]
    fn a_folder_is_known_by_where_it_lies() {
        let known = [
            ("/data/aws/aws/accounts/111122223333", Some((Kind::Account, "111122223333"))),
            ("/data/aws/aws-us-gov/accounts/111122223333/", Some((Kind::Account, "111122223333"))),
            ("aws/aws-cn/organizations/o-a1b2c3", Some((Kind::Organisation, "o-a1b2c3"))),
            ("/aws/aws/indexes", Some((Kind::Indexes, "indexes"))),
            ("/data/aws/aws/accounts/111122223333/iam", None),
            ("/data/aws/aws/accounts/1111", None),
            ("/data/aws/gcp/accounts/111122223333", None),
            ("/data/AWSLogs/aws/accounts/111122223333", None),
            ("/data/aws/aws/accounts", None),
            ("/data/aws/indexes", None),
            ("accounts/111122223333", None),
            ("", None),
        ];
        for (path, expected) in known {
            assert_eq!(named(path), expected, "{path}");
        }
    }
}
