//! IAM Identity Center: permission sets, who may use which in which account, and who is in its groups.

use std::collections::BTreeMap;

use crate::inventory::Seen;

/// A set of policies that Identity Center makes a role of in each account where it is assigned. Its policies are
/// entitlements whose holder is its id.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct PermissionSet {
    /// Its ARN.
    #[prost(string, tag = "1")]
    pub id: String,
    /// Its name.
    #[prost(string, tag = "2")]
    pub name: String,
    /// The instance of Identity Center (`ssoins-...`).
    #[prost(string, tag = "3")]
    pub instance: String,
    /// How long a session lasts, in ISO 8601, such as `PT1H`.
    #[prost(string, tag = "4")]
    pub session_duration: String,
    /// Tags as the platform holds them.
    #[prost(btree_map = "string, string", tag = "5")]
    pub tags: BTreeMap<String, String>,
    /// When it was made, milliseconds since the epoch; 0 when not known.
    #[prost(int64, tag = "6")]
    pub created_at_ms: i64,
    /// Who says so.
    #[prost(message, optional, tag = "7")]
    pub seen: Option<Seen>,
}

impl PermissionSet {
    /// Takes in what another row says of the same set; what that leaves empty stays.
    pub fn join(&mut self, other: Self) {
        let Self { id: _, name, instance, session_duration, tags, created_at_ms, seen } = other;
        let texts = [
            (&mut self.name, name),
            (&mut self.instance, instance),
            (&mut self.session_duration, session_duration),
        ];
        for (known, other) in texts.into_iter().filter(|(_, other)| !other.is_empty()) {
            *known = other;
        }
        self.tags.extend(tags);
        if created_at_ms != 0 {
            self.created_at_ms = created_at_ms;
        }
        self.seen = seen.or(self.seen);
    }

    /// Whether a role of this name is one that comes of this set.
    #[must_use]
    pub fn makes_role(&self, role_name: &str) -> bool {
        of_role(role_name) == Some(&self.name)
    }
}

/// The name of the permission set that a role comes of: roles of Identity Center are called
/// `AWSReservedSSO_NAME_0123456789abcdef`.
#[must_use]
pub fn of_role(role_name: &str) -> Option<&str> {
    let rest = role_name.strip_prefix("AWSReservedSSO_")?;
    Some(rest.rsplit_once('_').map_or(rest, |(set, _)| set))
}

/// Who is given something in Identity Center.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, prost::Enumeration)]
#[repr(i32)]
pub enum PrincipalKind {
    /// Not known to this release.
    Unknown = 0,
    /// A person.
    User = 1,
    /// Everybody who is in a group.
    Group = 2,
}

/// That somebody may use a permission set in an account: three things that hold only together. Who may use the set in
/// one account may not in another, and who is known in an account may not use every set there.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Assignment {
    /// The user or group: its id in the identity store.
    #[prost(string, tag = "1")]
    pub principal: String,
    /// Which of the two it is.
    #[prost(enumeration = "PrincipalKind", tag = "2")]
    pub principal_kind: i32,
    /// The ARN of the permission set.
    #[prost(string, tag = "3")]
    pub permission_set: String,
    /// The account.
    #[prost(string, tag = "4")]
    pub account: String,
    /// Who says so.
    #[prost(message, optional, tag = "5")]
    pub seen: Option<Seen>,
}

/// That a person is in a group of the identity store.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Membership {
    /// The group: its id in the identity store.
    #[prost(string, tag = "1")]
    pub group: String,
    /// The user: its id in the identity store.
    #[prost(string, tag = "2")]
    pub member: String,
    /// The identity store (`d-...`); empty where the source does not tell.
    #[prost(string, tag = "3")]
    pub store: String,
    /// Who says so.
    #[prost(message, optional, tag = "4")]
    pub seen: Option<Seen>,
}

#[cfg(test)]
mod tests {
    use super::{PermissionSet, of_role};

    #[test]
    fn two_rows_of_a_permission_set_say_what_either_says() {
        let mut known = PermissionSet { name: "Admin".into(), created_at_ms: 5, ..PermissionSet::default() };
        known.join(PermissionSet { instance: "ssoins-1".into(), ..PermissionSet::default() });
        let (name, instance) = ("Admin".into(), "ssoins-1".into());
        assert_eq!(known, PermissionSet { name, instance, created_at_ms: 5, ..PermissionSet::default() });
    }

    #[test]
    fn a_role_tells_its_permission_set() {
        let names = ["AWSReservedSSO_Read_Only_0123456789abcdef", "AWSReservedSSO_Odd", "Admin"];
        assert_eq!(names.map(of_role), [Some("Read_Only"), Some("Odd"), None]);
        let set = |name: &str| PermissionSet { name: name.to_owned(), ..PermissionSet::default() };
        let made = ["Read_Only", "Read"].map(|name| set(name).makes_role(names[0]));
        assert_eq!(made, [true, false]);
    }
}
