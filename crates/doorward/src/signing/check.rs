//! Whether a journal is what was signed.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use doorward_journal::{End, Journal, Position, Verified};
use doorward_model::head::SignedHead;
use doorward_model::id::TenantId;
use doorward_proof::{PublicKey, verify_head};
use doorward_serve::answers::heads::{HeadRow, keys};
use serde::Serialize;

use crate::serve::TENANT;

/// A journal that holds what was signed.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) verified: Verified,
    pub(crate) heads: HeadsRow,
}

/// The heads that were signed, as they are told.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct HeadsRow {
    /// How many there are.
    pub(crate) count: usize,
    /// The row of the newest one.
    pub(crate) last_row: Option<u64>,
    /// The keys that have signed, in the order in which they came.
    pub(crate) keys: Vec<KeyRow>,
}

/// A key that has signed.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct KeyRow {
    pub(crate) id: String,
    pub(crate) public_key: String,
    /// How many heads.
    pub(crate) heads: usize,
}

/// A head that somebody has kept elsewhere.
#[derive(Clone, Debug)]
pub(crate) struct Exported {
    /// Where it stands.
    pub(crate) name: String,
    pub(crate) head: HeadRow,
}

/// What a signed head says, and what is wrong with it.
struct Claim {
    name: String,
    head: SignedHead,
    fault: Option<String>,
}

/// Walks the chain, and holds it against each head that was signed: those that the journal keeps, and those that were
/// kept elsewhere.
pub(crate) fn check(journal: &dyn Journal, exported: &[Exported]) -> Result<Checked> {
    let keys = keys(journal)?;
    let kept = journal.signed_heads(Position(u64::MAX), usize::MAX)?;
    let heads = told(&kept, &keys);
    let mut claims = Vec::with_capacity(kept.len() + exported.len());
    claims.extend(kept.into_iter().map(|head| of_journal(head, &keys)));
    for exported in exported {
        claims.push(of_file(exported, &keys)?);
    }
    claims.sort_by_key(|claim| claim.head.row);
    let mut waiting = claims.iter_mut().peekable();
    let verified = journal.walk(&mut |end| {
        while let Some(claim) = waiting.next_if(|claim| claim.head.row <= end.position.0) {
            claim.fault = claim.fault.take().or_else(|| differs(&claim.head, end));
        }
    })?;
    let last = journal.head().position;
    for claim in waiting {
        let cut = || format!("the journal was cut off since: its last row is {last}");
        claim.fault.get_or_insert_with(cut);
    }
    let faults: Vec<_> = claims
        .iter()
        .filter_map(|claim| Some(format!("{}: {}", claim.name, claim.fault.as_ref()?)))
        .collect();
    if faults.is_empty() { Ok(Checked { verified, heads }) } else { bail!(joined(&faults)) }
}

/// The head of a row that the journal keeps.
fn of_journal(head: SignedHead, keys: &[PublicKey]) -> Claim {
    let fault = match keys.iter().find(|key| key.id() == head.key) {
        Some(key) => verify_head(&head, &TenantId::from(TENANT), key).err().map(|fault| fault.to_string()),
        None => Some(unknown(&head.key)),
    };
    Claim { name: format!("the signed head of row {}", head.row), head, fault }
}

/// A head from a file brings its key along; that it is ours is for the journal to say.
fn of_file(Exported { name, head: row }: &Exported, keys: &[PublicKey]) -> Result<Claim> {
    let read = row.signed().zip(PublicKey::read(&row.public_key));
    let (head, key) =
        read.with_context(|| format!("{name} holds no hash, key or signature that can be read"))?;
    let fault = match verify_head(&head, &TenantId::from(TENANT), &key) {
        Err(fault) => Some(fault.to_string()),
        Ok(()) if !keys.contains(&key) => Some(unknown(&head.key)),
        Ok(()) => None,
    };
    Ok(Claim { name: format!("the head of row {} in {name}", head.row), head, fault })
}

fn unknown(key: &str) -> String {
    format!("key {key} is none that has signed this journal")
}

fn differs(head: &SignedHead, end: &End) -> Option<String> {
    let said = (head.row, head.hash.as_slice(), head.recorded_at_ms, head.fact);
    let is = (end.position.0, end.hash.0.as_slice(), end.recorded_at.ms(), end.fact.0);
    (said != is)
        .then(|| format!("the journal was written anew since: its row {} is another one", end.position))
}

fn told(kept: &[SignedHead], keys: &[PublicKey]) -> HeadsRow {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for head in kept {
        *counts.entry(&head.key).or_default() += 1;
    }
    let row = |key: &PublicKey| KeyRow {
        id: key.id().to_owned(),
        public_key: key.to_string(),
        heads: counts.get(key.id()).copied().unwrap_or_default(),
    };
    let last_row = kept.first().map(|head| head.row);
    HeadsRow { count: kept.len(), last_row, keys: keys.iter().map(row).collect() }
}

fn joined(faults: &[String]) -> String {
    let more = faults.len().saturating_sub(NAMED_MAX);
    let mut said = faults.iter().take(NAMED_MAX).map(String::as_str).collect::<Vec<_>>().join("; ");
    if more > 0 {
        said.push_str(&format!("; and {more} more"));
    }
    said
}

const NAMED_MAX: usize = 5;
