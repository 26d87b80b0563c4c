//! Whether an export of an account holds all of it. The last page of several looks like the only page of one; but what
//! an export names and counts must be in it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use doorward_model::hash::Hash16;
use doorward_model::inventory::{AccountExport, Origin, PolicyDocument};
use doorward_model::reject::{Reject, RejectReason};

use crate::inventory::aws::text;
use crate::json::value::Value;

/// How often policies are used, as an export counts it.
#[derive(Default)]
pub(super) struct Uses(BTreeMap<(String, Origin), u64>);

impl Uses {
    /// Takes in what a managed policy says of itself.
    pub(super) fn add(&mut self, policy: Value<'_>) {
        for (field, origin) in
            [("AttachmentCount", Origin::Attached), ("PermissionsBoundaryUsageCount", Origin::Boundary)]
        {
            if let Ok(count) = text(policy, field).parse() {
                self.0.insert((text(policy, "Arn").into_owned(), origin), count);
            }
        }
    }

    /// What an export names or counts and does not hold, in words; `None` where nothing is missed.
    pub(super) fn missed_in(&self, export: &AccountExport) -> Option<String> {
        let missed: Vec<String> = self.missed(export).collect();
        (!missed.is_empty()).then(|| first_of(&missed))
    }

    /// The same, one by one.
    pub(super) fn missed(&self, export: &AccountExport) -> impl Iterator<Item = String> {
        groups(export).chain(policies(export)).chain(self.holders(export))
    }

    /// Policies that are held more often than those tell who are here.
    fn holders(&self, export: &AccountExport) -> impl Iterator<Item = String> {
        let mut seen: BTreeMap<(&str, Origin), u64> = BTreeMap::new();
        for held in &export.entitlements {
            *seen.entry((&held.policy, held.origin())).or_default() += 1;
        }
        let missed = self.0.iter().filter_map(move |((policy, origin), count)| {
            let here = seen.get(&(policy, *origin)).copied().unwrap_or(0);
            (here < *count).then(|| format!("{count} hold {policy}, of whom {here} are here"))
        });
        missed.collect::<Vec<_>>().into_iter()
    }
}

/// Groups that users are in, and which are not here.
fn groups(export: &AccountExport) -> impl Iterator<Item = String> {
    let known: BTreeSet<&str> = export.groups.iter().map(|group| &*group.name).collect();
    let named: BTreeSet<&str> =
        export.identities.iter().flat_map(|user| &user.groups).map(String::as_str).collect();
    named
        .into_iter()
        .filter(move |name| !known.contains(name))
        .map(|name| format!("group {name} is not here"))
}

/// Policies of the account that are attached, and which are not here.
fn policies(export: &AccountExport) -> impl Iterator<Item = String> {
    let known: BTreeSet<&str> = export.policies.iter().map(|policy| &*policy.name).collect();
    let attached = export.entitlements.iter().filter(|held| held.origin() == Origin::Attached);
    let attached: BTreeSet<&str> =
        attached.map(|held| &*held.policy).filter(|policy| !PolicyDocument::is_of_aws(policy)).collect();
    attached.into_iter().filter(move |name| !known.contains(name)).map(|name| format!("{name} is not here"))
}

/// The first of what is missed, and how many more there are.
pub(super) fn first_of(missed: &[String]) -> String {
    match missed {
        [] => String::new(),
        [one] => one.clone(),
        [first, more @ ..] => format!("{first}, and {} more such", more.len()),
    }
}

/// How to mend an export of which pages are missing.
pub(super) const PAGES: &str = "store all pages in one file, fetched without a filter";

/// Says that an export is not whole, why, and how to mend it.
pub(super) fn told(export: &AccountExport, (why, mend): (&str, &str), bytes: &Range<u64>) -> Reject {
    let what = if export.account.starts_with("o-") { "organisation" } else { "account" };
    let said = format!(
        "the export of {what} {} is not whole: {why}; what it does not name counts as unknown, not as gone: {mend}",
        export.account
    );
    reject(said, bytes)
}

/// Says that pages do not count because the last one is not among them, and how to mend it.
pub(super) fn ended_early(export: &AccountExport, bytes: &Range<u64>) -> Reject {
    let said = format!(
        "the export of account {} ends before its last page: it says that more follow, and nothing that is read with \
         it ends it; nothing of it counts: export all pages, without --max-items or --no-paginate, and store them in \
         one file",
        export.account
    );
    reject(said, bytes)
}

fn reject(said: String, bytes: &Range<u64>) -> Reject {
    Reject {
        source: String::new(),
        record: 0,
        bytes: bytes.clone(),
        reason: RejectReason::Truncated(said),
        kept: Vec::new(),
        hash: Hash16::of(&[]),
    }
}
