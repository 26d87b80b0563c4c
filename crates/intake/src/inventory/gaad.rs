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
use crate::inventory::rows;
use crate::json::value::Value;

/// The pages of a source that have been read and not given out.
#[derive(Default)]
pub(super) struct Pages {
    accounts: BTreeMap<String, AccountExport>,
    /// The account of the last page, to which a page without any name belongs.
    last: String,
    /// A page could not be read. Which account it is of, and which of the others belong to it, nobody can tell.
    spoilt: bool,
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
        read(&mut sheet, Value::new(text))?;
        if export.account.is_empty() {
            export.account.clone_from(&self.last);
        }
        self.last.clone_from(&export.account);
        let known = self.accounts.entry(export.account.clone()).or_default();
        known.account.clone_from(&export.account);
        known.complete = export.complete;
        rows::add(known, export);
        Ok(())
    }

    /// Whether no page is missing of what has been read.
    pub(super) fn complete(&self) -> bool {
        self.accounts.values().all(|export| export.complete)
    }

    /// Forgets the pages that were read and have not been given out, and takes no more.
    pub(super) fn spoil(&mut self) {
        self.accounts.clear();
        self.spoilt = true;
    }

    /// Gives out what has been read.
    pub(super) fn take(&mut self) -> Vec<AccountExport> {
        std::mem::take(&mut self.accounts).into_values().collect()
    }
}

fn read(sheet: &mut Sheet<'_>, page: Value<'_>) -> Result<(), RejectReason> {
    // The last page of several looks like the only page of one: that pages before it are missing cannot be seen.
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
