//! Policies of a case, kept and lent to the evaluation, and its answer in words.

use serde_json::Value;

use super::json;
use crate::document::Document;
use crate::evaluate::{Answer, Denial, Level, Policy, Verdict};

/// A policy by its name; what is missing or cannot be read is kept as such.
pub(super) struct Held {
    name: String,
    document: Option<Document>,
}

impl Held {
    pub(super) fn new(name: &str, document: Option<&Value>) -> Self {
        Self { name: name.to_owned(), document: document.and_then(|document| json::document(document).ok()) }
    }
}

pub(super) fn lend(held: &[Held]) -> Vec<Policy<'_>> {
    held.iter().map(|one| Policy { name: &one.name, document: one.document.as_ref() }).collect()
}

pub(super) fn lend_levels(levels: &[Vec<Held>]) -> Vec<Vec<Policy<'_>>> {
    levels.iter().map(|one| lend(one)).collect()
}

pub(super) fn named<'l>(levels: &'l [Vec<Policy<'l>>]) -> Vec<Level<'l>> {
    levels.iter().map(|policies| Level { name: "", policies }).collect()
}

/// An answer in words.
pub(super) fn shown(answer: &Answer<'_>) -> String {
    match &answer.verdict {
        Verdict::Allowed => "allowed".to_owned(),
        Verdict::Denied(Denial::Explicit) => "explicitly denied".to_owned(),
        Verdict::Denied(Denial::Implicit) => "denied".to_owned(),
        Verdict::OnlyIf(requirement) => format!("only if {requirement}"),
        Verdict::Unknown => "unknown".to_owned(),
    }
}
