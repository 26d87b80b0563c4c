//! What the rows of an export have in common as facts: a kind, a key, who says so, and how two statements of one thing
//! become one.

use prost::Message;

use crate::identity::Credential;
use crate::inventory::center::{Assignment, Membership, PermissionSet, PrincipalKind};
use crate::inventory::finding::AccessFinding;
use crate::inventory::last_use::LastUse;
use crate::inventory::organisation::OrganisationNode;
use crate::inventory::resource::Resource;
use crate::inventory::{Entitlement, Group, PolicyDocument, Seen, Source};
use crate::record::Fact;

/// What a row is of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, prost::Enumeration)]
#[repr(i32)]
pub enum RowKind {
    /// Not known to this release.
    Unknown = 0,
    /// An identity.
    Identity = 1,
    /// A credential.
    Credential = 2,
    /// An assigned right.
    Entitlement = 3,
    /// A policy with its document.
    Policy = 4,
    /// A group of users.
    Group = 5,
    /// A resource.
    Resource = 6,
    /// A node of the tree of an organisation.
    OrganisationNode = 7,
    /// A permission set.
    PermissionSet = 8,
    /// The use of a permission set in an account.
    Assignment = 9,
    /// The membership of a group of Identity Center.
    Membership = 10,
    /// A finding of Access Analyzer.
    AccessFinding = 11,
    /// When an identity used a service last.
    LastUse = 12,
}

/// A row that is a fact.
pub trait Row: Message + Clone + Default + PartialEq {
    /// What it is of.
    const KIND: RowKind;

    /// What tells it from others of its kind: the names in it, and after them what else does.
    fn key(&self) -> Vec<String>;

    /// Gives it the names of a key, as far as there are any.
    fn set_names(&mut self, key: &[&str]);

    /// Who says so.
    fn seen(&self) -> Option<Seen>;

    /// Says who says so.
    fn set_seen(&mut self, seen: Option<Seen>);

    /// Takes in what a later row says of the same thing; what that leaves empty stays.
    fn join(&mut self, later: Self);

    /// The fact that makes it known.
    fn found(self) -> Fact;
}

/// A policy is known, with the hash of its document; the text is a blob.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct PolicyFound {
    /// The name of the document, see [`PolicyDocument::name`].
    #[prost(string, tag = "1")]
    pub name: String,
    /// The hash of the document, 16 bytes.
    #[prost(bytes = "vec", tag = "2")]
    pub document: Vec<u8>,
    /// The id of the version; empty where the policy has no versions.
    #[prost(string, tag = "3")]
    pub version: String,
    /// Whether the document can be read: what depends on one that cannot is unknown.
    #[prost(bool, tag = "4")]
    pub readable: bool,
    /// Who says so.
    #[prost(message, optional, tag = "5")]
    pub seen: Option<Seen>,
}

impl PolicyFound {
    /// The fact of a document.
    #[must_use]
    pub fn of(document: &PolicyDocument, readable: bool) -> Self {
        Self {
            name: document.name.clone(),
            document: document.hash.0.to_vec(),
            version: document.version.clone(),
            readable,
            seen: document.seen,
        }
    }
}

/// Something that was known is there no more.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Withdrawn {
    /// What it is.
    #[prost(enumeration = "RowKind", tag = "1")]
    pub kind: i32,
    /// Its key, see [`Row::key`].
    #[prost(string, repeated, tag = "2")]
    pub key: Vec<String>,
    /// Who says so.
    #[prost(message, optional, tag = "3")]
    pub seen: Option<Seen>,
}

/// The account whose whole statement speaks of a row of this kind and first name, so that absence from it means that
/// it is gone: users, groups and roles, what they hold, and policies. `None` where no such statement does.
#[must_use]
pub fn account_in_whole(kind: RowKind, name: &str) -> Option<&str> {
    let is_of_iam =
        matches!(kind, RowKind::Identity | RowKind::Group | RowKind::Entitlement | RowKind::Policy);
    let mut parts = name.splitn(6, ':');
    let (arn, _, iam, region) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let (account, what) = (parts.next()?, parts.next()?);
    let is_listed = ["user/", "group/", "role/", "policy/"].iter().any(|prefix| what.starts_with(prefix));
    let is_own = account.bytes().all(|byte| byte.is_ascii_digit());
    let is_told = is_of_iam && arn == "arn" && iam == "iam" && region.is_empty() && is_listed && is_own;
    is_told.then_some(account)
}

/// Makes rows facts: which names are their key, what is a part of it beside them, and how a later one is taken in.
macro_rules! rows {
    ($($row:ident is $kind:ident in $fact:ident by [$($name:ident),+] and $beside:expr, joined by $join:expr;)+) => {$(
        impl Row for $row {
            const KIND: RowKind = RowKind::$kind;

            fn key(&self) -> Vec<String> {
                let beside: fn(&Self) -> Option<i32> = $beside;
                let beside = beside(self).map(|number| number.to_string());
                [$(&self.$name),+].into_iter().cloned().chain(beside).collect()
            }

            fn set_names(&mut self, key: &[&str]) {
                for (place, name) in [$(&mut self.$name),+].into_iter().zip(key) {
                    (*name).clone_into(place);
                }
            }

            fn seen(&self) -> Option<Seen> {
                self.seen
            }

            fn set_seen(&mut self, seen: Option<Seen>) {
                self.seen = seen;
            }

            fn join(&mut self, later: Self) {
                let join: fn(&mut Self, Self) = $join;
                join(self, later);
            }

            fn found(self) -> Fact {
                Fact::$fact(self)
            }
        }
    )+};
}

rows! {
    Credential is Credential in CredentialFound by [id] and |_| None, joined by join_credential;
    Entitlement is Entitlement in EntitlementObserved by [holder, policy] and |row| Some(row.origin),
        joined by join_entitlement;
    PolicyFound is Policy in PolicyFound by [name] and |_| None, joined by join_policy;
    Group is Group in GroupFound by [id] and |_| None, joined by join_group;
    Resource is Resource in ResourceFound by [id] and |_| None, joined by Self::join;
    OrganisationNode is OrganisationNode in OrganisationNodeFound by [id] and |_| None, joined by Self::join;
    PermissionSet is PermissionSet in PermissionSetFound by [id] and |_| None, joined by Self::join;
    Assignment is Assignment in AssignmentFound by [account, permission_set, principal] and |_| None,
        joined by |known, later| join_assignment(known, &later);
    Membership is Membership in MembershipFound by [group, member] and |_| None, joined by join_membership;
    AccessFinding is AccessFinding in AccessFindingFound by [id] and |_| None,
        joined by |known, later| *known = later;
    LastUse is LastUse in LastUseFound by [identity, service] and |_| None, joined by |known, later| *known = later;
}

fn join_credential(known: &mut Credential, later: Credential) {
    let made = [known.created_at_ms, later.created_at_ms].into_iter().filter(|at| *at != 0).min();
    known.created_at_ms = made.unwrap_or(0);
    for (known, later) in [(&mut known.kind, later.kind), (&mut known.state, later.state)] {
        *known = if later == 0 { *known } else { later };
    }
    if later.last_used_at_ms >= known.last_used_at_ms {
        fill([(&mut known.last_used_for, later.last_used_for)]);
        known.last_used_at_ms = later.last_used_at_ms;
    }
    known.rotated_at_ms = known.rotated_at_ms.max(later.rotated_at_ms);
    if later.expires_at_ms != 0 {
        known.expires_at_ms = later.expires_at_ms;
    }
    if !is_without_path(&later.identity, &known.identity) {
        fill([(&mut known.identity, later.identity)]);
    }
    known.seen = later.seen.or(known.seen);
}

/// Whether somebody names a user that is known with a path without it: that says less, not something else.
fn is_without_path(named: &str, known: &str) -> bool {
    let Some((account, name)) = named.split_once(":user/") else { return false };
    let known = known.strip_prefix(account).and_then(|rest| rest.strip_prefix(":user/"));
    known.and_then(|known| known.strip_suffix(name)).is_some_and(|path| path.ends_with('/'))
}

fn join_entitlement(known: &mut Entitlement, later: Entitlement) {
    if !later.document.is_empty() {
        known.document = later.document;
    }
    known.seen = later.seen.or(known.seen);
}

/// Accounts know a policy of AWS as of different times; it never has an older version in force again.
fn join_policy(known: &mut PolicyFound, later: PolicyFound) {
    if !PolicyDocument::goes_back(&later.name, &known.version, &later.version) {
        *known = later;
    }
}

fn join_group(known: &mut Group, later: Group) {
    fill([
        (&mut known.name, later.name),
        (&mut known.account, later.account),
        (&mut known.unique_id, later.unique_id),
    ]);
    if later.created_at_ms != 0 {
        known.created_at_ms = later.created_at_ms;
    }
    known.seen = later.seen.or(known.seen);
}

fn join_assignment(known: &mut Assignment, later: &Assignment) {
    if later.principal_kind() != PrincipalKind::Unknown {
        known.principal_kind = later.principal_kind;
    }
    known.seen = later.seen.or(known.seen);
}

fn join_membership(known: &mut Membership, later: Membership) {
    fill([(&mut known.store, later.store)]);
    known.seen = later.seen.or(known.seen);
}

/// Puts what is told in place of what was known.
fn fill<const N: usize>(texts: [(&mut String, String); N]) {
    for (known, later) in texts.into_iter().filter(|(_, later)| !later.is_empty()) {
        *known = later;
    }
}

/// What is known of a thing after another statement of it; `None` when that changes nothing. A statement that is
/// older than what is known only fills what that leaves empty, and so does any that tells as little as one of several.
/// `confirmed_at_ms` is when what is known was confirmed last, if that is later than it says itself.
#[must_use]
pub fn merged<T: Row>(known: &T, found: &T, confirmed_at_ms: i64) -> Option<T> {
    let [known_seen, found_seen] = [known, found].map(|row| row.seen().unwrap_or_default());
    let known_at_ms = known_seen.at_ms.max(confirmed_at_ms);
    let is_later = found_seen.at_ms >= known_at_ms;
    let replaces = found_seen.source() == Source::Config && found_seen.at_ms > known_at_ms;
    let (earlier, later) = if is_later { (known, found) } else { (found, known) };
    let mut next = earlier.clone();
    if replaces {
        next = found.clone();
    } else {
        next.join(later.clone());
    }
    next.set_seen(known.seen());
    let is_confirmed = is_later && known_seen.is_of_event() && !found_seen.is_of_event();
    if next == *known && !is_confirmed {
        return None;
    }
    let seen = if is_later { found_seen } else { known_seen };
    let first = [known_seen, found_seen].map(Seen::first).into_iter().filter(|at| *at != 0).min();
    next.set_seen(Some(Seen { first_at_ms: first.unwrap_or(0), ..seen }));
    Some(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(source: Source, at_ms: i64) -> Option<Seen> {
        Some(Seen { source: source.into(), at_ms, first_at_ms: 0 })
    }

    fn bucket(name: &str, region: &str, seen: Option<Seen>) -> Resource {
        let [name, region] = [name, region].map(str::to_owned);
        Resource { id: "arn:aws:s3:::b".into(), name, region, seen, ..Resource::default() }
    }

    #[test]
    fn a_later_statement_overwrites_and_an_older_one_only_fills() {
        let known = bucket("b", "", seen(Source::Service, 10));
        let expected = |name: &str, region: &str, source, at_ms, first_at_ms| {
            let seen = Some(Seen { source: Source::into(source), at_ms, first_at_ms });
            Some(bucket(name, region, seen))
        };
        let (service, config) = (Source::Service, Source::Config);
        for (found, confirmed, next) in [
            (bucket("c", "eu", seen(service, 20)), 0, expected("c", "eu", service, 20, 10)),
            (bucket("c", "eu", seen(service, 5)), 0, expected("b", "eu", service, 10, 5)),
            // It was confirmed in between.
            (bucket("c", "eu", seen(service, 20)), 30, expected("b", "eu", service, 10, 10)),
            (bucket("", "", seen(service, 20)), 0, None),
            // Config tells a thing in whole.
            (bucket("", "eu", seen(config, 20)), 0, expected("", "eu", config, 20, 10)),
            (bucket("", "eu", seen(config, 10)), 0, expected("b", "eu", config, 10, 10)),
            (bucket("b", "", seen(config, 5)), 0, None),
        ] {
            assert_eq!(merged(&known, &found, confirmed), next, "{found:?}");
        }
    }

    #[test]
    fn what_an_event_has_shown_is_confirmed_by_the_same() {
        let of = |source, at_ms| bucket("b", "", seen(source, at_ms));
        let confirmed =
            bucket("b", "", Some(Seen { source: Source::Iam.into(), at_ms: 20, first_at_ms: 10 }));
        assert_eq!(merged(&of(Source::Event, 10), &of(Source::Iam, 20), 0), Some(confirmed));
        assert_eq!(merged(&of(Source::Event, 10), &of(Source::Iam, 5), 0), None);
        assert_eq!(merged(&of(Source::Event, 10), &of(Source::Event, 20), 0), None);
        assert_eq!(merged(&of(Source::Iam, 10), &of(Source::Event, 20), 0), None);
    }

    #[test]
    fn a_policy_of_aws_never_goes_back() {
        let policy = |name: &str, version: &str, at_ms| PolicyFound {
            name: name.to_owned(),
            version: version.to_owned(),
            seen: seen(Source::Iam, at_ms),
            ..PolicyFound::default()
        };
        let versions = |name: &str| {
            [("v9", "v10"), ("v10", "v9")].map(|(known, found)| {
                merged(&policy(name, known, 1), &policy(name, found, 2), 0).map(|next| next.version)
            })
        };
        assert_eq!(versions("arn:aws:iam::aws:policy/ReadOnlyAccess"), [Some("v10".to_owned()), None]);
        let own = versions("arn:aws:iam::111122223333:policy/own");
        assert_eq!(own, [Some("v10".to_owned()), Some("v9".to_owned())]);
    }

    #[test]
    fn only_what_a_whole_account_lists_is_missed_in_it() {
        let of = |(kind, name): (RowKind, &str)| account_in_whole(kind, name).map(str::to_owned);
        let listed = [
            (RowKind::Identity, "arn:aws:iam::111122223333:role/a"),
            (RowKind::Entitlement, "arn:aws-cn:iam::111122223333:group/a:b"),
            (RowKind::Policy, "arn:aws:iam::111122223333:user/a inline:x"),
            (RowKind::Policy, "arn:aws:iam::111122223333:policy/a version:v1"),
        ];
        assert_eq!(listed.map(of), [const { "111122223333" }; 4].map(|account| Some(account.to_owned())));
        let others = [
            (RowKind::Identity, "arn:aws:iam::111122223333:root"),
            (RowKind::Resource, "arn:aws:iam::111122223333:role/a"),
            (RowKind::Policy, "arn:aws:iam::aws:policy/ReadOnlyAccess"),
            (RowKind::Policy, "arn:aws:s3:::b resource"),
            (RowKind::Group, "idc:d-1/2"),
            (RowKind::Entitlement, "ou-1"),
        ];
        assert_eq!(others.map(of), [const { None }; 6]);
    }

    #[test]
    fn a_key_leads_back_to_the_names() {
        let (holder, policy) = ("h".to_owned(), "p".to_owned());
        let row = Entitlement { holder, policy, origin: 3, ..Entitlement::default() };
        let mut bare = Entitlement { origin: 3, ..Entitlement::default() };
        let key = row.key();
        bare.set_names(&key.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!((key, bare), (vec!["h".to_owned(), "p".to_owned(), "3".to_owned()], row));
    }

    #[test]
    fn two_rows_of_a_credential_say_what_either_says() {
        let mut known = Credential {
            kind: 1,
            created_at_ms: 5,
            last_used_at_ms: 7,
            last_used_for: "s3".into(),
            rotated_at_ms: 9,
            ..Credential::default()
        };
        let identity = "arn:aws:iam::111122223333:user/a".to_owned();
        let later = Credential { identity, created_at_ms: 3, state: 2, last_used_at_ms: 6, ..known.clone() };
        known.join(later.clone());
        let expected = Credential { last_used_at_ms: 7, ..later };
        assert_eq!(known, expected);
    }

    #[test]
    fn a_name_without_its_path_takes_no_credential_from_whom_it_is_of() {
        let [ann, team] =
            ["user/ann", "user/team/ann"].map(|rest| format!("arn:aws:iam::111122223333:{rest}"));
        let held = |identity: &str| Credential { identity: identity.to_owned(), ..Credential::default() };
        let joined = |known: &str, later: &str| {
            let mut known = held(known);
            known.join(held(later));
            known.identity
        };
        assert_eq!([joined(&team, &ann), joined(&ann, &team)], [team.clone(), team.clone()]);
        for other in [
            "arn:aws:iam::444455556666:user/ann",
            "arn:aws:iam::111122223333:user/nn",
            "arn:aws:iam::111122223333:role/ann",
        ] {
            assert_eq!(joined(&team, other), other);
        }
        assert_eq!(joined(&team, ""), team);
    }
}
