//! `get-account-authorization-details`: what exists in one account, and who holds which policy.
//!
//! An export is all or nothing: a page that is cut or lacks what it needs is one reject. Only a policy document
//! that does not parse is kept as it is and listed among the export's own rejects, while the rest goes on.

use std::collections::BTreeMap;
use std::ops::Range;

use doorward_model::inventory::{AccountExport, Seen, Source};
use doorward_model::reject::RejectReason;

use crate::inventory::aws::list;
use crate::inventory::draft::Sheet;
use crate::inventory::whole::{self, Uses};
use crate::json::value::Value;

/// The pages of a source that have been read and not given out.
#[derive(Default)]
pub(super) struct Pages {
    accounts: BTreeMap<String, Read>,
    /// The account of the last page, to which a page without any name belongs.
    last: String,
    /// A page could not be read. Which account it is of, and which of the others belong to it, nobody can tell.
    spoilt: bool,
}

/// What pages tell of an account.
#[derive(Default)]
struct Read {
    export: AccountExport,
    /// How often its policies are used.
    uses: Uses,
    /// Where the pages stand.
    bytes: Range<u64>,
}

impl Pages {
    /// Reads a page. When a part of it cannot be read, no page counts that has not been given out.
    pub(super) fn add(&mut self, cleaned: &[u8], bytes: &Range<u64>) -> Result<(), RejectReason> {
        if self.spoilt {
            return Ok(());
        }
        let read = self.read(cleaned, bytes);
        if read.is_err() {
            self.spoil();
        }
        read
    }

    fn read(&mut self, cleaned: &[u8], bytes: &Range<u64>) -> Result<(), RejectReason> {
        let text = std::str::from_utf8(cleaned)
            .map_err(|_| RejectReason::Encoding("the export is not UTF-8 text".to_owned()))?;
        let mut export = AccountExport::default();
        let mut sheet = Sheet { export: &mut export, seen: Seen::by(Source::Iam), bytes };
        let page = Value::new(text);
        read(&mut sheet, page)?;
        if export.account.is_empty() {
            export.account.clone_from(&self.last);
        }
        self.last.clone_from(&export.account);
        let known = self.accounts.entry(export.account.clone()).or_default();
        let start = if known.bytes.is_empty() { bytes.start } else { known.bytes.start };
        known.bytes = start..bytes.end;
        list(page, "Policies")?.for_each(|policy| known.uses.add(policy));
        known.export.account.clone_from(&export.account);
        known.export.complete = export.complete;
        known.export.add(export);
        Ok(())
    }

    /// Whether no page is missing of what has been read.
    pub(super) fn is_whole(&self) -> bool {
        self.accounts.values().all(|read| read.export.complete && read.missed().is_none())
    }

    /// Forgets the pages that were read and have not been given out, and takes no more.
    pub(super) fn spoil(&mut self) {
        self.accounts.clear();
        self.spoilt = true;
    }

    /// Gives out what has been read.
    pub(super) fn take(&mut self) -> Vec<AccountExport> {
        std::mem::take(&mut self.accounts).into_values().map(Read::told).collect()
    }
}

impl Read {
    /// What shows that pages are missing, though the last one does not say so.
    fn missed(&self) -> Option<String> {
        self.uses.missed_in(&self.export).filter(|_| self.export.complete)
    }

    /// The export, with what shows that it is not whole.
    fn told(self) -> AccountExport {
        let missed = self.missed();
        let mut export = self.export;
        if !export.complete {
            export.cut = Some(whole::ended_early(&export, &self.bytes));
        }
        if let Some(why) = missed {
            export.complete = false;
            export.rejects.push(whole::told(&export, (&why, whole::PAGES), &self.bytes));
        }
        export
    }
}

fn read(sheet: &mut Sheet<'_>, page: Value<'_>) -> Result<(), RejectReason> {
    let continues = |field: &str| !page.scalar_field(field).is_empty();
    sheet.export.complete =
        page.scalar_field("IsTruncated") != "true" && !continues("Marker") && !continues("NextToken");
    for user in list(page, "UserDetailList")? {
        sheet.user(user)?;
    }
    for group in list(page, "GroupDetailList")? {
        sheet.group(group)?;
    }
    for role in list(page, "RoleDetailList")? {
        sheet.role(role)?;
    }
    for policy in list(page, "Policies")? {
        sheet.managed_policy(policy)?;
    }
    Ok(())
}
