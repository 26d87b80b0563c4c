//! Rows under construction: what one value of a source tells, by account.

use std::collections::BTreeMap;
use std::ops::Range;

use doorward_model::hash::Hash16;
use doorward_model::inventory::{AccountExport, Entitlement, Origin, Seen, Source};
use doorward_model::reject::RejectReason;
use doorward_model::time::Time;

use crate::inventory::aws::{self, Arn};
use crate::inventory::document;
use crate::json::value::Value;

/// What one value tells.
pub(crate) struct Draft<'a> {
    /// Rows by account.
    pub(crate) accounts: BTreeMap<String, AccountExport>,
    /// What the value is about, if it is about one thing alone.
    pub(super) thing: Option<String>,
    /// As of when; 0 where it does not tell.
    pub(crate) at_ms: i64,
    /// What is told beside the value.
    pub(crate) beside: Beside,
    source: Source,
    bytes: &'a Range<u64>,
}

/// What whoever stored an answer wrote beside it, because the answer does not tell it.
#[derive(Clone, Default, Debug)]
pub(crate) struct Beside {
    /// The account that was asked.
    pub(crate) account: String,
    /// The region that was asked.
    pub(crate) region: String,
    /// What was asked about: an ARN or an id.
    pub(crate) about: String,
}

impl<'a> Draft<'a> {
    pub(crate) fn new(source: Source, bytes: &'a Range<u64>) -> Self {
        Self { accounts: BTreeMap::new(), thing: None, at_ms: 0, beside: Beside::default(), source, bytes }
    }

    /// Who says so, and as of when.
    pub(crate) fn seen(&self) -> Seen {
        Seen { at_ms: self.at_ms, ..Seen::by(self.source) }
    }

    /// Where rows of an account are written.
    pub(crate) fn sheet(&mut self, account: &str) -> Sheet<'_> {
        let seen = self.seen();
        if !self.accounts.contains_key(account) {
            self.accounts.insert(account.to_owned(), AccountExport::default());
        }
        let export = self.accounts.entry(account.to_owned()).or_default();
        Sheet { export, seen, bytes: self.bytes }
    }

    /// Does something with an owner and a region that stand around a value, where they are told. Where the wrapper
    /// tells the account, too, both must agree.
    pub(super) fn beside<T>(
        &mut self,
        (owner, region): (&str, &str),
        work: impl FnOnce(&Self) -> Result<T, RejectReason>,
    ) -> Result<T, RejectReason> {
        let before = self.beside.clone();
        if !owner.is_empty() && !before.account.is_empty() && before.account != owner {
            return Err(not_of(&format!("something of account {owner}"), &before.account));
        }
        for (place, told) in [(&mut self.beside.account, owner), (&mut self.beside.region, region)] {
            if !told.is_empty() {
                told.clone_into(place);
            }
        }
        let done = work(self);
        self.beside = before;
        done
    }

    /// The account of an ARN, or the one that is told beside the value. Both must agree.
    pub(super) fn account_of(&self, arn: &str) -> Result<String, RejectReason> {
        let (own, beside) = (Arn::of(arn).account, self.beside.account.as_str());
        match (own, beside) {
            ("", "") => Err(RejectReason::Field(format!(
                "nothing tells the account of {arn:?}: {}",
                wrap("\"account\": \"111122223333\"")
            ))),
            ("", beside) => Ok(beside.to_owned()),
            (own, "") => Ok(own.to_owned()),
            (own, beside) if own == beside || is_container(beside) => Ok(own.to_owned()),
            (_, beside) => Err(not_of(arn, beside)),
        }
    }

    /// The region of an ARN, or the one that is told beside the value; empty where neither tells.
    pub(super) fn region_of(&self, arn: &str) -> String {
        match Arn::of(arn).region {
            "" => self.beside.region.clone(),
            own => own.to_owned(),
        }
    }

    /// What was asked about.
    pub(super) fn about(&self, what: &str) -> Result<&str, RejectReason> {
        match self.beside.about.as_str() {
            "" => {
                let hint = wrap(&format!("\"about\": {what}"));
                Err(RejectReason::Field(format!("the answer does not tell what it is about: {hint}")))
            }
            about => Ok(about),
        }
    }
}

fn not_of(what: &str, account: &str) -> RejectReason {
    RejectReason::Field(format!(
        "{what} is not of account {account}, which the wrapper names: name the account that was asked"
    ))
}

/// Whether an id is not the number of an account but the id of an organisation or the like.
fn is_container(id: &str) -> bool {
    !id.bytes().all(|byte| byte.is_ascii_digit())
}

/// How to mend an answer that lacks something.
pub(super) fn wrap(missing: &str) -> String {
    format!("store it as {{{missing}, \"output\": ...}}")
}

/// Where rows of one account are written.
pub(crate) struct Sheet<'a> {
    pub(crate) export: &'a mut AccountExport,
    /// Who says so.
    pub(crate) seen: Seen,
    pub(crate) bytes: &'a Range<u64>,
}

impl Sheet<'_> {
    /// Reads a date and remembers the newest.
    pub(super) fn date(&mut self, value: Value<'_>, field: &str) -> i64 {
        let at = aws::date(value, field).map_or(0, Time::ms);
        self.export.newest_at_ms = self.export.newest_at_ms.max(at);
        at
    }

    /// That a holder has a policy; with the hash of the document where it is its own.
    pub(super) fn entitle(&mut self, holder: &str, policy: &str, origin: Origin, document: Option<Hash16>) {
        self.export.entitlements.push(Entitlement {
            holder: holder.to_owned(),
            policy: policy.to_owned(),
            origin: origin.into(),
            document: document.map(|hash| hash.0.to_vec()).unwrap_or_default(),
            seen: Some(self.seen),
        });
    }

    /// A policy that is a part of its holder, with its document; gives the text of that when it parses.
    pub(super) fn own(
        &mut self,
        holder: &str,
        policy: &str,
        origin: Origin,
        document: Option<Value<'_>>,
    ) -> Option<&str> {
        let known = document.map(|document| self.document(&format!("{holder} {policy}"), document, ""));
        self.entitle(holder, policy, origin, known.map(|(hash, _)| hash));
        let (_, parses) = known?;
        self.export.policies.last().filter(|_| parses).map(|document| document.text.as_str())
    }

    /// Keeps a document under its name; gives its hash, and whether it parses.
    pub(super) fn document(&mut self, name: &str, document: Value<'_>, version: &str) -> (Hash16, bool) {
        let (mut kept, reject) = document::document(name, document, self.bytes);
        version.clone_into(&mut kept.version);
        kept.seen = Some(self.seen);
        let known = (kept.hash, reject.is_none());
        self.export.policies.push(kept);
        self.export.rejects.extend(reject);
        known
    }
}
