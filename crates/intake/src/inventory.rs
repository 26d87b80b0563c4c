//! What exists, out of exports: users, roles and policies, resources and workloads, the organisation, Identity Center.
//!
//! [`form`] tells by content what a value is, one module per format reads it into rows, and [`Inventory`] holds the
//! rows of one source until its end. They count all or not at all per account: where something of an account cannot be
//! read, nothing of that account in that source counts, and where nobody can tell whose it is, nothing of the source. Of
//! an organisation it counts still which accounts are in it, so that what limits them is unknown, and not nothing.

mod above;
mod analyzer;
pub(crate) mod aws;
pub(crate) mod center;
mod config;
mod credential_report;
pub(crate) mod document;
pub(crate) mod draft;
mod form;
mod gaad;
pub(crate) mod iam;
pub(crate) mod organizations;
pub(crate) mod resource_policy;
mod rows;
pub(crate) mod tree;
mod whole;
pub(crate) mod workload;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use doorward_model::inventory::{AccountExport, Scope};
use doorward_model::reject::RejectReason;

use crate::inventory::above::Above;
use crate::inventory::draft::Draft;
use crate::json::value::Value;

pub(crate) use crate::inventory::credential_report::is_report;
pub(crate) use crate::inventory::form::{Form, LISTS, form, unread};

/// What a source has told of what exists, and what has not been given out.
#[derive(Default)]
pub(crate) struct Inventory {
    pages: gaad::Pages,
    /// Rows by account.
    accounts: BTreeMap<String, AccountExport>,
    /// Rows of things that are told one by one, with when they were seen: of what is told twice, the newer counts.
    things: BTreeMap<(String, String), (i64, AccountExport)>,
    /// Accounts of which something could not be read.
    refused: BTreeSet<String>,
    /// The tree of the organisation.
    above: Above,
    /// Where the first value began that is held here.
    start: Option<u64>,
    /// How many bytes were read into rows that are held here.
    bytes: u64,
}

impl Inventory {
    /// Reads a page of `get-account-authorization-details`. When a part of it cannot be read, no page counts that has
    /// not been given out.
    pub(crate) fn page(&mut self, cleaned: &[u8], bytes: &Range<u64>) -> Result<(), RejectReason> {
        self.pages.add(cleaned, bytes)?;
        self.start.get_or_insert(bytes.start);
        Ok(())
    }

    /// Gives out the accounts of which all pages have been read.
    pub(crate) fn whole_accounts(&mut self, source: &str) -> Vec<AccountExport> {
        if !self.pages.is_whole() {
            return Vec::new();
        }
        if self.accounts.is_empty() && self.things.is_empty() {
            self.start = None;
        }
        named(self.pages.take(), source)
    }

    /// Reads a value of another form. When it cannot be read, nothing of its account counts.
    pub(crate) fn add(
        &mut self,
        form: Form,
        value: Value<'_>,
        bytes: &Range<u64>,
        bytes_max: usize,
    ) -> Result<(), RejectReason> {
        self.start.get_or_insert(bytes.start);
        self.bytes = self.bytes.saturating_add(bytes.end.saturating_sub(bytes.start));
        let mut draft = Draft::new(form.source(), bytes);
        let read = if self.bytes > bytes_max as u64 {
            Err(RejectReason::Limit(format!(
                "more than {bytes_max} bytes of inventory in one source: split it"
            )))
        } else {
            form::read(form, value, &mut draft).and_then(|()| self.stand(&draft))
        };
        match read {
            Ok(()) => {
                self.hold(draft);
                Ok(())
            }
            Err(reason) => Err(self.refuse(draft, reason)),
        }
    }

    /// Reads a credential report.
    pub(crate) fn report(&mut self, report: &str, bytes: &Range<u64>) -> Result<(), RejectReason> {
        let mut draft = Draft::new(Form::CredentialReport.source(), bytes);
        match credential_report::read(report, &mut draft) {
            Ok(()) => {
                self.hold(draft);
                Ok(())
            }
            Err(reason) => Err(self.refuse(draft, reason)),
        }
    }

    /// Something could not be taken apart: whose it is, nobody can tell.
    pub(crate) fn spoil(&mut self, what: Spoilt) {
        self.refused.insert(EVERYBODY.to_owned());
        if what == Spoilt::Page {
            self.pages.spoil();
        }
    }

    /// Forgets all, because what follows is broken; tells where the first of it began.
    pub(crate) fn discard(&mut self) -> Option<u64> {
        self.pages.spoil();
        self.accounts.clear();
        self.things.clear();
        self.above = Above::default();
        self.bytes = 0;
        self.start.take()
    }

    /// Gives out all that counts, in the name of its source.
    pub(crate) fn take(&mut self, source: &str) -> Vec<AccountExport> {
        let mut exports: Vec<AccountExport> = self.pages.take();
        for ((account, _), (_, thing)) in std::mem::take(&mut self.things) {
            self.accounts.entry(account).or_default().add(thing);
        }
        let refused = std::mem::take(&mut self.refused);
        let is_refused = |account: &str| refused.contains(EVERYBODY) || refused.contains(account);
        let settled = std::mem::take(&mut self.accounts).into_iter().map(|(account, export)| {
            let export = if is_refused(&account) { rows::members(export) } else { export };
            rows::settled(AccountExport { account, scope: Scope::Rows, ..export })
        });
        let says = |export: &AccountExport| export.counts().next().is_some() || !export.gone.is_empty();
        exports.extend(settled.filter(says));
        self.above = Above::default();
        self.start = None;
        named(exports, source)
    }

    /// That what a value tells of the tree of the organisation does not contradict what others have told.
    fn stand(&mut self, draft: &Draft<'_>) -> Result<(), RejectReason> {
        let mut nodes = draft.accounts.values().flat_map(|rows| &rows.nodes);
        nodes.try_for_each(|node| self.above.put(node)).map_err(RejectReason::Field)
    }

    fn hold(&mut self, draft: Draft<'_>) {
        let (thing, at_ms) = (draft.thing, draft.at_ms);
        for (account, rows) in draft.accounts {
            if thing.is_none() && rows == AccountExport::default() {
                continue;
            }
            match &thing {
                None => self.accounts.entry(account).or_default().add(rows),
                Some(thing) => {
                    let known = self.things.entry((account, thing.clone()));
                    let known = known.or_insert_with(|| (at_ms, AccountExport::default()));
                    if known.0 <= at_ms {
                        *known = (at_ms, rows);
                    }
                }
            }
        }
    }

    /// Notes whose rows do not count, and says so.
    fn refuse(&mut self, draft: Draft<'_>, reason: RejectReason) -> RejectReason {
        let mut accounts: Vec<String> = Vec::new();
        for (account, rows) in draft.accounts {
            self.accounts.entry(account.clone()).or_default().add(rows::members(rows));
            accounts.push(account);
        }
        let said = if accounts.is_empty() {
            accounts.push(EVERYBODY.to_owned());
            "nothing of the inventory in this source counts".to_owned()
        } else {
            format!("nothing of {} in this source counts", accounts.join(", "))
        };
        self.refused.extend(accounts);
        match reason {
            RejectReason::Field(what) => RejectReason::Field(format!("{what}; {said}")),
            RejectReason::Limit(what) => RejectReason::Limit(format!("{what}; {said}")),
            other => other,
        }
    }
}

/// What could not be taken apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Spoilt {
    /// A page of `get-account-authorization-details`.
    Page,
    /// Anything else.
    Record,
}

/// Stands for all accounts of a source.
const EVERYBODY: &str = "*";

/// Rejects inside of exports carry the name of their source.
fn named(mut exports: Vec<AccountExport>, source: &str) -> Vec<AccountExport> {
    for reject in exports.iter_mut().flat_map(|export| export.rejects.iter_mut().chain(&mut export.cut)) {
        source.clone_into(&mut reject.source);
    }
    exports
}
