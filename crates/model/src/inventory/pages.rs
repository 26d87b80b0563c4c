//! Exports of one account that lie in several sources, page by page.

use std::collections::{BTreeMap, BTreeSet};

use crate::inventory::{AccountExport, Scope};
use crate::reject::Reject;

/// Puts pages together that lie in several sources which are taken in together, in whichever order they come. Pages of
/// which no source has the last one do not count: they become rejects. Pages that were put together tell of nothing
/// by absence, because nobody can tell whether one between them is missing.
pub fn join_pages(exports: &mut Vec<AccountExport>) -> Vec<Reject> {
    let of_account = |export: &AccountExport| export.scope == Scope::Account;
    let cut = exports.iter().filter(|export| of_account(export) && export.cut.is_some());
    let cut: BTreeSet<String> = cut.map(|export| export.account.clone()).collect();
    let mut rejects = Vec::new();
    if cut.is_empty() {
        return rejects;
    }
    let mut pages: BTreeMap<String, Vec<AccountExport>> = BTreeMap::new();
    for export in std::mem::take(exports) {
        if of_account(&export) && cut.contains(&export.account) {
            pages.entry(export.account.clone()).or_default().push(export);
        } else {
            exports.push(export);
        }
    }
    for mut of_one in pages.into_values() {
        of_one.sort_by(AccountExport::order);
        // What lies in several copies counts once.
        of_one.dedup_by(|one, other| one.order(other).is_eq() && one.cut.is_some() == other.cut.is_some());
        if are_of_one(&of_one) {
            exports.extend(of_one.into_iter().reduce(joined).map(|whole| AccountExport {
                complete: false,
                cut: None,
                ..whole
            }));
        } else {
            rejects.extend(of_one.iter().filter_map(|page| page.cut.clone()));
            exports.extend(of_one.into_iter().filter(|page| page.cut.is_none()));
        }
    }
    rejects
}

/// Whether these are pages of one export with its last one: each names what no other names.
fn are_of_one(pages: &[AccountExport]) -> bool {
    let names = |page: &AccountExport| -> Vec<String> {
        let holders = page.identities.iter().map(|row| &row.id).chain(page.groups.iter().map(|row| &row.id));
        holders.chain(page.policies.iter().map(|row| &row.name)).cloned().collect()
    };
    let named: Vec<String> = pages.iter().flat_map(names).collect();
    let different: BTreeSet<&String> = named.iter().collect();
    pages.iter().filter(|page| page.cut.is_none()).count() == 1 && different.len() == named.len()
}

fn joined(mut whole: AccountExport, page: AccountExport) -> AccountExport {
    whole.add(page);
    whole
}
