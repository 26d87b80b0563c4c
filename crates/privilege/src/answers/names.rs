//! Nodes and methods in words.

use crate::analysis::{Cause, KINDS, Lot, Place, PoolKey, PoolOf, Variant};
use crate::atlas::Atlas;
use crate::estate::PrincipalId;
use crate::graph::{Level, NodeId};

/// Whoever names what an atlas holds.
#[derive(Clone, Copy)]
pub(super) struct Names<'a>(pub(super) &'a Atlas);

impl Names<'_> {
    /// A method by its place: its id and its name.
    pub(super) fn rule(&self, place: u32) -> (String, String) {
        let rule = self.0.rules.all().get(place as usize);
        rule.map_or_else(Default::default, |rule| (rule.id.to_string(), rule.name.to_string()))
    }

    /// A cause: the id of the method, and its name.
    pub(super) fn method(&self, cause: Cause) -> (String, String) {
        let said = |id: &str, name: &str| (id.to_owned(), name.to_owned());
        match cause {
            Cause::Rule(place, _) => self.rule(place),
            Cause::Assume => said("sts-001", "Assume the role"),
            Cause::Administers => said("administrator", "Administer the account"),
            Cause::Holds => said("holds", "Administer what is in the account"),
            Cause::Changed(_) | Cause::Member => said("member", "Be one of them"),
            Cause::RunsAs => said("runs-as", "Run as the role"),
            Cause::Assigned => said("permission-set", "Use the role of a permission set"),
            Cause::InGroup => said("group", "Be in the group"),
            Cause::Can(Level::Control, _) => said("can-control", "Say who may use it"),
            Cause::Can(Level::Write, _) => said("can-write", "Change or delete it"),
            Cause::Can(Level::Read, _) => said("can-read", "Read what it holds"),
            Cause::Can(Level::List, _) => said("can-list", "List it"),
        }
    }

    /// A node in words.
    pub(super) fn name(&self, node: NodeId) -> String {
        match self.0.analysis.place(node) {
            Some(Place::Principal(id)) => self.arn(*id).to_owned(),
            Some(Place::Resource(place)) => {
                let resource = self.0.estate.resource(*place);
                resource.map_or("", |one| &one.id).to_owned()
            }
            Some(Place::Administration(account)) => {
                let account = self.0.estate.account(*account).map_or("", |one| &one.id);
                format!("administrator of {account}")
            }
            Some(Place::Outside(name)) => name.to_string(),
            Some(Place::Variant(Variant::Joined(id, group, _))) => {
                let [id, group] = [id, group].map(|id| self.arn(*id));
                format!("{id} as a member of {group}")
            }
            Some(Place::Variant(variant)) => format!("{} with other policies", self.arn(variant.principal())),
            Some(Place::Pool(key)) => self.pool(key),
            Some(Place::Changed(key)) => format!("{}, with any policy", self.pool(key)),
            None => String::new(),
        }
    }

    fn arn(&self, id: PrincipalId) -> &str {
        self.0.estate.principal(id).map_or("", |one| one.arn())
    }

    /// What a pool holds, in words.
    fn pool(&self, key: &PoolKey) -> String {
        let account = self.0.estate.account(key.account).map_or("", |account| &account.id);
        match &key.of {
            PoolOf::Rule(place) => {
                let sought = self.0.rules.all().get(*place as usize).map(crate::escalation::Rule::sought);
                any(&sought.unwrap_or_default(), account)
            }
            PoolOf::Data(Lot { kind, from, to, .. }) => {
                let noun = KINDS.get(*kind as usize).map_or("things", |kind| kind.noun);
                format!("{} {noun} of {account}", to - from)
            }
            PoolOf::Some { count, .. } => format!("{count} targets of {account}"),
            PoolOf::Trust(_) => format!("all roles of {account} with one trust policy"),
        }
    }
}

/// A thing in words, as any of its kind.
fn any(noun: &str, account: &str) -> String {
    let kind = noun.split_once(' ').filter(|(article, _)| matches!(*article, "a" | "an"));
    format!("any {} in {account}", kind.map_or(noun, |(_, kind)| kind))
}
