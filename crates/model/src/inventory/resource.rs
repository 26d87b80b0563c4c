//! What identities act on, and the workloads that run as them.

use std::collections::BTreeMap;

use crate::inventory::Seen;

/// A resource. One that runs code with the rights of a role is a workload, and says which role.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Resource {
    /// Its ARN. A part that the source does not tell, such as the region, is empty in it.
    #[prost(string, tag = "1")]
    pub id: String,
    /// What it is, service and type as in ARNs: `s3:bucket`, `lambda:function`, `ec2:launch-template`, ...
    #[prost(string, tag = "2")]
    pub kind: String,
    /// The account it lives in; empty when not known.
    #[prost(string, tag = "3")]
    pub account: String,
    /// The region it lives in; empty when it is global or not known.
    #[prost(string, tag = "4")]
    pub region: String,
    /// The short name a person would say.
    #[prost(string, tag = "5")]
    pub name: String,
    /// Tags as the platform holds them.
    #[prost(btree_map = "string, string", tag = "6")]
    pub tags: BTreeMap<String, String>,
    /// The role it runs as: its ARN. Where the source only tells the instance profile, the ARN of that, which is a
    /// resource of its own that runs as its role. Empty when it runs as none.
    #[prost(string, tag = "7")]
    pub runs_as: String,
    /// What else matters of it, by the names in [`attribute`].
    #[prost(btree_map = "string, string", tag = "8")]
    pub attributes: BTreeMap<String, String>,
    /// When it was made, milliseconds since the epoch; 0 when not known.
    #[prost(int64, tag = "9")]
    pub created_at_ms: i64,
    /// Who says so.
    #[prost(message, optional, tag = "10")]
    pub seen: Option<Seen>,
}

/// The kind of the resource that stands for the role that instances run as.
pub const INSTANCE_PROFILE: &str = "iam:instance-profile";

impl Resource {
    /// Takes in what another row says of the same resource; what that leaves empty stays.
    pub fn join(&mut self, other: Self) {
        let Self { id: _, kind, account, region, name, tags, runs_as, attributes, created_at_ms, seen } =
            other;
        let texts = [
            (&mut self.kind, kind),
            (&mut self.account, account),
            (&mut self.region, region),
            (&mut self.name, name),
            (&mut self.runs_as, runs_as),
        ];
        for (known, other) in texts.into_iter().filter(|(_, other)| !other.is_empty()) {
            *known = other;
        }
        self.tags.extend(tags);
        self.attributes.extend(attributes);
        if created_at_ms != 0 {
            self.created_at_ms = created_at_ms;
        }
        self.seen = seen.or(self.seen);
    }

    /// The role it runs as, looked up where it runs by an instance profile; `None` when it runs as none, or the
    /// profile is not among these resources.
    #[must_use]
    pub fn role<'a>(&'a self, profile: impl FnOnce(&str) -> Option<&'a Self>) -> Option<&'a str> {
        let role = if is_instance_profile(&self.runs_as) {
            profile(&self.runs_as).map_or("", |profile| &profile.runs_as)
        } else {
            &self.runs_as
        };
        (!role.is_empty()).then_some(role)
    }
}

/// Whether an ARN is one of an instance profile.
#[must_use]
pub fn is_instance_profile(arn: &str) -> bool {
    arn.contains(":instance-profile/")
}

/// Names of attributes. A flag is `true` or `false`; one that the source does not tell is not there.
pub mod attribute {
    /// A flag: access control lists that make something public are refused.
    pub const BLOCK_PUBLIC_ACLS: &str = "block_public_acls";
    /// A flag: policies that make the resource public are refused.
    pub const BLOCK_PUBLIC_POLICY: &str = "block_public_policy";
    /// A flag: access control lists that make something public are without effect.
    pub const IGNORE_PUBLIC_ACLS: &str = "ignore_public_acls";
    /// A flag: a policy that makes the resource public lets in nobody but the own account and services.
    pub const RESTRICT_PUBLIC_BUCKETS: &str = "restrict_public_buckets";
    /// A flag: data that is run at the start is there. What it says is not kept, because secrets stand in it.
    pub const USER_DATA: &str = "user_data";
    /// The role that the platform uses to start the workload, which its own code does not get.
    pub const EXECUTION_ROLE: &str = "execution_role";
    /// The role by which an image or a repository is reached.
    pub const ACCESS_ROLE: &str = "access_role";
    /// What it runs: the ARN of a task definition.
    pub const TASK_DEFINITION: &str = "task_definition";
    /// The cluster it belongs to.
    pub const CLUSTER: &str = "cluster";
    /// The namespace of the cluster.
    pub const NAMESPACE: &str = "namespace";
    /// The account of the cluster that gets the role.
    pub const SERVICE_ACCOUNT: &str = "service_account";
    /// The address by which a cluster vouches for its service accounts.
    pub const OIDC_ISSUER: &str = "oidc_issuer";
    /// The state, in the word of the platform.
    pub const STATE: &str = "state";
    /// The version of a launch template that this is about.
    pub const VERSION: &str = "version";
    /// A flag: it is the version that is used when none is named.
    pub const DEFAULT_VERSION: &str = "default_version";
    /// Who manages the key: `AWS` or `CUSTOMER`.
    pub const KEY_MANAGER: &str = "key_manager";
    /// The audiences that a provider of identities accepts, with a space between them.
    pub const AUDIENCES: &str = "audiences";
    /// A flag: callers are let in from the internet.
    pub const PUBLIC: &str = "public";
}

#[cfg(test)]
mod tests {
    use super::Resource;

    #[test]
    fn two_rows_of_a_resource_say_what_either_says() {
        let pair = |name: &str, value: &str| [(name.to_owned(), value.to_owned())];
        let mut known = Resource {
            id: "arn:aws:s3:::a".into(),
            kind: "s3:bucket".into(),
            account: "1".into(),
            name: "a".into(),
            attributes: pair("x", "1").into(),
            created_at_ms: 5,
            ..Resource::default()
        };
        known.join(Resource {
            id: "arn:aws:s3:::a".into(),
            name: "b".into(),
            attributes: pair("y", "2").into(),
            ..Resource::default()
        });
        let expected = Resource {
            id: "arn:aws:s3:::a".into(),
            kind: "s3:bucket".into(),
            account: "1".into(),
            name: "b".into(),
            attributes: pair("x", "1").into_iter().chain(pair("y", "2")).collect(),
            created_at_ms: 5,
            ..Resource::default()
        };
        assert_eq!(known, expected);
    }

    #[test]
    fn a_workload_runs_as_a_role_at_once_or_by_its_profile() {
        let resource = |runs_as: &str| Resource { runs_as: runs_as.to_owned(), ..Resource::default() };
        let profile = resource("arn:aws:iam::1:role/web");
        let known = "arn:aws:iam::1:instance-profile/web";
        let find = |arn: &str| (arn == known).then_some(&profile);
        let roles = ["arn:aws:iam::1:role/fn", known, "arn:aws:iam::1:instance-profile/other", ""];
        assert_eq!(
            roles.map(resource).each_ref().map(|one| one.role(find)),
            [Some("arn:aws:iam::1:role/fn"), Some("arn:aws:iam::1:role/web"), None, None]
        );
    }
}
