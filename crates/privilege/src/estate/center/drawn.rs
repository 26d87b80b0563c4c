//! Rows of Identity Center into people, groups, and the roles that both may use, before these have ids.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use doorward_model::identity::Identity;
use doorward_model::inventory::Origin;
use doorward_model::inventory::center::{Assignment, PrincipalKind as Assigns};
use doorward_model::inventory::organisation::OrganisationNode;

use super::AssignedBy;
use super::rows::CenterRows;
use crate::estate::PrincipalKind;
use crate::estate::rows::Holder;

/// Identity Center before ids are given.
#[derive(Clone, Debug, Default)]
pub(super) struct Drawn {
    /// People, groups, and roles that the inventory does not hold, by their ids.
    pub(super) holders: BTreeMap<String, Holder>,
    /// What these roles have.
    pub(super) rights: BTreeMap<String, BTreeSet<(Origin, String)>>,
    /// Groups and their members.
    pub(super) members: BTreeSet<(String, String)>,
    /// The groups of each person.
    pub(super) groups: BTreeMap<String, BTreeSet<String>>,
    /// Who is assigned which role, by which permission set.
    pub(super) assigned: BTreeSet<(String, String, String, AssignedBy)>,
    /// Other names of people and groups.
    pub(super) names: BTreeMap<String, String>,
}

/// What it is drawn from.
pub(super) struct Source<'a> {
    pub(super) center: &'a CenterRows,
    pub(super) nodes: &'a BTreeMap<String, OrganisationNode>,
    /// What each permission set gives: how, and the name of the policy.
    pub(super) given: &'a BTreeMap<String, BTreeSet<(Origin, String)>>,
    pub(super) roles: Roles<'a>,
}

/// Roles of Identity Center by account and permission set.
pub(super) type Roles<'a> = BTreeMap<(&'a str, &'a str), Vec<&'a str>>;

impl Drawn {
    /// What rows tell.
    pub(super) fn of(source: &Source<'_>) -> Self {
        let mut drawing =
            Drawing { source, taken: BTreeSet::new(), by_unique_id: BTreeMap::new(), drawn: Self::default() };
        let CenterRows { people, groups, memberships, assignments, .. } = source.center;
        for person in people.values().filter(|one| !one.unique_id.is_empty()) {
            drawing.add(person, PrincipalKind::Person);
        }
        for group in groups.values() {
            let identity = Identity {
                id: group.id.clone(),
                name: group.name.clone(),
                account: group.account.clone(),
                unique_id: group.unique_id.clone(),
                ..Identity::default()
            };
            drawing.add(&identity, PrincipalKind::Group);
        }
        for row in memberships.values() {
            let group = drawing.known(&row.group, &row.store, PrincipalKind::Group);
            let member = drawing.known(&row.member, &row.store, PrincipalKind::Person);
            drawing.drawn.groups.entry(member.clone()).or_default().insert(group.clone());
            drawing.drawn.members.insert((group, member));
        }
        let roles = &source.roles;
        for row in assignments.values() {
            drawing.assign(row, roles);
        }
        let known = Known::of(&drawing.drawn);
        for person in people.values().filter(|one| one.unique_id.is_empty()) {
            drawing.join(person, (&known, roles));
        }
        drawing.drawn
    }
}

/// People of identity stores, by what a log tells of one.
#[derive(Default)]
struct Known {
    /// By the user name, in lower case.
    by_name: BTreeMap<String, Vec<String>>,
    /// In which account who has a role.
    accounts: BTreeSet<(String, String)>,
}

impl Known {
    fn of(drawn: &Drawn) -> Self {
        let mut known = Self::default();
        for one in drawn.holders.values().filter(|one| one.kind == PrincipalKind::Person) {
            let people = known.by_name.entry(one.identity.name.to_ascii_lowercase()).or_default();
            people.push(one.identity.id.clone());
        }
        let account = |role: &str| role.split(':').nth(4).unwrap_or_default().to_owned();
        for (holder, role, ..) in &drawn.assigned {
            known.accounts.insert((holder.clone(), account(role)));
        }
        let by_group = drawn.members.iter().flat_map(|(group, member)| {
            let of_group = known.accounts.range((group.clone(), String::new())..);
            let of_group = of_group.take_while(move |(holder, _)| holder == group);
            of_group.map(|(_, account)| (member.clone(), account.clone()))
        });
        let by_group: Vec<(String, String)> = by_group.collect();
        known.accounts.extend(by_group);
        known
    }

    /// Whether a person has a role in an account.
    fn is_in(&self, person: &str, account: &str) -> bool {
        self.accounts.contains(&(person.to_owned(), account.to_owned()))
    }
}

struct Drawing<'a> {
    source: &'a Source<'a>,
    /// Names that are given.
    taken: BTreeSet<String>,
    /// Names of people and groups by their ids in the identity store.
    by_unique_id: BTreeMap<String, String>,
    drawn: Drawn,
}

impl Drawing<'_> {
    /// Takes in a person or a group of an identity store.
    fn add(&mut self, one: &Identity, kind: PrincipalKind) {
        let place = self.place(one);
        let name = if one.name.is_empty() { &one.unique_id } else { &one.name };
        let written = match kind {
            PrincipalKind::Group => format!("idc:{place}/group/{name}"),
            _ => format!("idc:{place}/{name}"),
        };
        let id = if self.taken.insert(written.clone()) { written } else { one.id.clone() };
        self.by_unique_id.insert(one.unique_id.clone(), id.clone());
        for other in [&*one.id, &format!("idc:{place}/{}", one.unique_id)] {
            self.drawn.names.insert(other.to_owned(), id.clone());
        }
        // The account that was asked administers Identity Center, and with it all who are in it.
        let account = if is_number(&one.account) { one.account.clone() } else { store(&one.id).to_owned() };
        let identity = Arc::new(Identity { id, account, ..one.clone() });
        self.drawn.holders.insert(identity.id.clone(), Holder { kind, identity });
    }

    /// Where a person or group is at home: the organisation, else the account that was asked, else the identity store.
    fn place(&self, one: &Identity) -> String {
        let node = self.source.nodes.get(&one.account).filter(|node| !node.organisation.is_empty());
        match node {
            Some(node) => node.organisation.clone(),
            None if one.account.is_empty() => store(&one.id).to_owned(),
            None => one.account.clone(),
        }
    }

    /// The name of a person or group by its id in an identity store; one that no row tells of has its id for a name.
    fn known(&mut self, unique_id: &str, store: &str, kind: PrincipalKind) -> String {
        if let Some(name) = self.by_unique_id.get(unique_id) {
            return name.clone();
        }
        let one = Identity {
            id: format!("idc:{store}/{unique_id}"),
            unique_id: unique_id.to_owned(),
            ..Identity::default()
        };
        self.add(&one, kind);
        self.by_unique_id.get(unique_id).cloned().unwrap_or_default()
    }

    /// Takes in an assignment: always all three, who, which permission set, in which account.
    fn assign(&mut self, row: &Assignment, roles: &Roles<'_>) {
        let kind = match row.principal_kind() {
            Assigns::Group => PrincipalKind::Group,
            Assigns::User | Assigns::Unknown => PrincipalKind::Person,
        };
        let instance = row.permission_set.split('/').rev().nth(1).unwrap_or_default();
        let holder = self.known(&row.principal, instance, kind);
        let set = self.source.center.sets.get(&row.permission_set).map_or("", |set| &set.name);
        let set = if set.is_empty() { store_end(&row.permission_set) } else { set };
        let mut put = |role: &str, by| {
            self.drawn.assigned.insert((holder.clone(), role.to_owned(), set.to_owned(), by));
        };
        match roles.get(&(&*row.account, set)) {
            Some(roles) => roles.iter().for_each(|role| put(role, AssignedBy::Assignment)),
            None => {
                let role = role_of_set(row, set);
                put(&role, AssignedBy::SetAlone);
                self.make_role(role, row, set);
            }
        }
    }

    /// A role that the inventory does not hold, with what its permission set gives it.
    fn make_role(&mut self, arn: String, row: &Assignment, set: &str) {
        if self.drawn.rights.contains_key(&arn) {
            return;
        }
        // A policy of a customer is the one of that name in the account where the set is used.
        let own =
            |policy: &str| policy.replacen(":iam:::policy/", &format!(":iam::{}:policy/", row.account), 1);
        let held = self.source.given.get(&row.permission_set).into_iter().flatten();
        let mut rights: BTreeSet<(Origin, String)> = held
            .map(|(origin, policy)| match origin {
                Origin::Boundary => (Origin::Boundary, own(policy)),
                _ => (Origin::Attached, own(policy)),
            })
            .collect();
        if rights.is_empty() {
            // Nobody can tell what it gives.
            rights.insert((Origin::Attached, format!("policies of {}", row.permission_set)));
        }
        let identity = Identity {
            id: arn.clone(),
            account: row.account.clone(),
            name: format!("AWSReservedSSO_{set}"),
            ..Identity::default()
        };
        let holder = Holder { kind: PrincipalKind::Role, identity: Arc::new(identity) };
        self.drawn.holders.insert(arn.clone(), holder);
        self.drawn.rights.insert(arn, rights);
    }

    /// Takes in a person that a log knows: one of an identity store who has the same user name, or, where there is none,
    /// or nobody can tell which, one by itself. What it is known to have used it may use, if it still may.
    fn join(&mut self, one: &Identity, (known, roles): (&Known, &Roles<'_>)) {
        if self.drawn.names.contains_key(&one.id) {
            return;
        }
        let (account, name) = one.id.trim_start_matches("idc:").split_once('/').unwrap_or_default();
        let same = known.by_name.get(&name.to_ascii_lowercase()).map_or(&[][..], Vec::as_slice);
        let mut here = same.iter().filter(|person| known.is_in(person, account));
        let person = match (same, here.next(), here.next()) {
            ([person], ..) | (_, Some(person), None) => {
                self.drawn.names.insert(one.id.clone(), person.clone());
                person.clone()
            }
            _ => {
                let identity = Arc::new(one.clone());
                let holder = Holder { kind: PrincipalKind::Person, identity };
                self.drawn.holders.insert(one.id.clone(), holder);
                one.id.clone()
            }
        };
        let set = one.peer_group.strip_prefix("permission-set:").unwrap_or_default();
        if !known.is_in(&person, account) {
            for role in roles.get(&(account, set)).into_iter().flatten() {
                let used = (person.clone(), (*role).to_owned(), set.to_owned(), AssignedBy::Use);
                self.drawn.assigned.insert(used);
            }
        }
    }
}

/// The ARN of the role of a permission set in an account, without the region and the digits at its end, which nobody
/// knows who does not see it.
fn role_of_set(row: &Assignment, set: &str) -> String {
    let partition = row.permission_set.split(':').nth(1).unwrap_or("aws");
    format!("arn:{partition}:iam::{}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_{set}", row.account)
}

/// What stands between `idc:` and the first slash.
fn store(id: &str) -> &str {
    id.split_once(':').map_or(id, |(_, rest)| rest.split('/').next().unwrap_or(rest))
}

/// The last part of the ARN of a permission set.
fn store_end(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

fn is_number(account: &str) -> bool {
    !account.is_empty() && account.bytes().all(|byte| byte.is_ascii_digit())
}
