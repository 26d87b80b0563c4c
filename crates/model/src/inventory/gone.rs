//! Things that a source tells to be there no more.

use std::collections::BTreeMap;

use crate::inventory::row::Row;
use crate::inventory::{AccountExport, Seen};

/// Something is there no more, and nothing that it held.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gone {
    /// Its id: that of an identity, a group, a policy or a resource.
    pub id: String,
    /// When its source saw that, milliseconds since the epoch.
    pub at_ms: i64,
}

impl Gone {
    /// Whether this is of a later time than what is known of the thing or of what it holds. What does not say as of when
    /// it is stays.
    #[must_use]
    pub fn ends(at_ms: i64, seen: Option<Seen>) -> bool {
        seen.is_some_and(|seen| seen.at_ms != 0 && seen.at_ms < at_ms)
    }
}

/// Takes out of exports that are taken in together what one of them tells to be gone since, in whichever order they
/// come. What was told of a thing later than its end, as when it was made anew, stays.
pub fn take_out_gone(exports: &mut [AccountExport]) {
    let mut gone: BTreeMap<String, i64> = BTreeMap::new();
    for Gone { id, at_ms } in exports.iter().flat_map(|export| &export.gone) {
        let known = gone.entry(id.clone()).or_insert(*at_ms);
        *known = (*known).max(*at_ms);
    }
    if gone.is_empty() {
        return;
    }
    let is_there = |id: &str, seen: Option<Seen>| {
        let holder = id.split_once(' ').map_or(id, |(holder, _)| holder);
        [id, holder].iter().all(|id| gone.get(*id).is_none_or(|at_ms| !Gone::ends(*at_ms, seen)))
    };
    for export in exports {
        export.identities.retain(|row| is_there(&row.id, row.seen));
        retain(&mut export.groups, &is_there);
        retain(&mut export.entitlements, &is_there);
        export.policies.retain(|row| is_there(&row.name, row.seen));
        export.credentials.retain(|row| is_there(&row.identity, row.seen));
        retain(&mut export.resources, &is_there);
        retain(&mut export.last_uses, &is_there);
    }
}

fn retain<T: Row>(rows: &mut Vec<T>, is_there: &impl Fn(&str, Option<Seen>) -> bool) {
    rows.retain(|row| is_there(row.key().first().map_or("", String::as_str), row.seen()));
}

#[cfg(test)]
mod tests {
    use crate::identity::{Credential, Identity};
    use crate::inventory::resource::Resource;
    use crate::inventory::{Entitlement, PolicyDocument, Source};

    use super::*;

    const ROLE: &str = "arn:aws:iam::111122223333:role/r";

    fn seen(at_ms: i64) -> Option<Seen> {
        Some(Seen { at_ms, ..Seen::by(Source::Config) })
    }

    /// A role and what it holds, as of a time, beside a resource of a name that has a blank in it.
    fn rows(at_ms: i64) -> AccountExport {
        let own = PolicyDocument::of(format!("{ROLE} inline:p"), "{}".into());
        AccountExport {
            identities: vec![Identity { id: ROLE.into(), seen: seen(at_ms), ..Identity::default() }],
            entitlements: vec![Entitlement {
                holder: ROLE.into(),
                seen: seen(at_ms),
                ..Entitlement::default()
            }],
            policies: vec![PolicyDocument { seen: seen(at_ms), ..own }],
            credentials: vec![Credential {
                identity: ROLE.into(),
                seen: seen(at_ms),
                ..Credential::default()
            }],
            resources: vec![Resource { id: "glue:job j".into(), seen: seen(at_ms), ..Resource::default() }],
            ..AccountExport::default()
        }
    }

    #[test]
    fn what_was_told_before_its_end_is_taken_out_and_what_was_told_after_stays() {
        let gone = |id: &str, at_ms| AccountExport {
            gone: vec![Gone { id: id.to_owned(), at_ms }],
            ..AccountExport::default()
        };
        let left = |at_ms: i64, ends: &[AccountExport]| {
            let mut exports = [&[rows(at_ms)], ends].concat();
            take_out_gone(&mut exports);
            let counts: Vec<&str> = exports[0].counts().map(|(kind, _)| kind).collect();
            exports.reverse();
            take_out_gone(&mut exports);
            assert_eq!(exports.last().unwrap().counts().map(|(kind, _)| kind).collect::<Vec<_>>(), counts);
            counts.join(" ")
        };
        let all = "identities entitlements policies credentials resources";
        assert_eq!(left(5, &[gone(ROLE, 6)]), "resources");
        assert_eq!(left(5, &[gone("glue:job j", 6)]), "identities entitlements policies credentials");
        assert_eq!(left(5, &[gone(ROLE, 6), gone(ROLE, 3)]), "resources");
        for (at_ms, ends) in [(5, gone(ROLE, 5)), (6, gone(ROLE, 5)), (0, gone(ROLE, 5)), (5, gone("r", 6))] {
            assert_eq!(left(at_ms, &[ends]), all);
        }
    }
}
