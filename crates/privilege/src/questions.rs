//! Questions that people ask: what one identity may do, who may do something, what an identity reaches, and by which
//! ways it comes from one to another.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::analysis::{Cause, Explainer, Place};
use crate::answers::{self, HopAnswer, PathAnswer};
use crate::atlas::Atlas;
use crate::blast::heaviest;
use crate::catalog::Catalog;
use crate::estate::{PrincipalId, PrincipalKind};
use crate::graph::{Edge, Filter, Node, NodeId};
use crate::interest::Interest;
use crate::reach::{Best, best_path, best_paths, reach};
use crate::usage::{StepAnswer, UsedWays};

/// Whether a principal has a permission on a resource.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct CanAnswer {
    /// The principal.
    pub identity: String,
    /// The role by which a person of Identity Center has it; absent for others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by_role: Option<String>,
    /// The people of Identity Center who may use this role; empty for what is no such role.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<String>,
    /// The permission.
    pub permission: String,
    /// The resource.
    pub resource: String,
    /// The answer.
    pub answer: Can,
    /// The statements that decided.
    pub statement: Vec<String>,
    /// What must hold that is not known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub only_if: Vec<String>,
    /// That the permission is not one that is known, and what may be meant; absent where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
    /// Whether a log shows that it was used; absent where none is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<StepAnswer>,
}

/// Whether something is allowed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Can {
    /// It is.
    Allow,
    /// It is, if something holds that is not known.
    OnlyIf,
    /// It depends on a policy that is missing or cannot be read.
    Unknown,
    /// A statement denies it.
    ExplicitDeny,
    /// Nothing allows it, or not everything that must.
    #[default]
    ImplicitDeny,
}

/// Something that an identity reaches.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct ReachAnswer {
    /// What is reached.
    pub to: String,
    /// What is gained over it: `control`, `write`, `read` or `list`.
    pub level: String,
    /// How many steps on the way hold only if a condition does.
    pub conditions: u8,
    /// What it weighs.
    pub weight: u32,
    /// The shortest of the best ways, step by step; of the first few only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub path: Vec<HopAnswer>,
    /// Whether it was come to by steps that a log shows; absent where none is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<StepAnswer>,
}

/// A node, passages included, as it is shown to other programs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shown {
    /// Its id: its name, or its number where it is a passage.
    pub id: String,
    /// What it is, in one word.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its account; empty where it has none.
    pub account: String,
    /// Its blast radius, before it is divided.
    pub blast_weight: u64,
    /// Through how many identities it could be lost.
    pub exposure: u32,
    /// Whether it matters most.
    pub tier_zero: bool,
}

/// An edge as it is shown to other programs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Connected {
    /// The id of the node where it begins.
    pub from: String,
    /// The id of the node where it ends.
    pub to: String,
    /// What it is, in one word.
    pub kind: String,
    /// The method.
    pub method: String,
    /// Whether it holds only if a condition does.
    pub only_if: bool,
}

/// Why nobody can be told who is meant.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NameError {
    /// Nobody has that name.
    #[error("nobody and nothing that was read has the name {0}: give an ARN, or the end of one")]
    Unknown(String),
    /// Several have it.
    #[error("{name} may be {}: give the whole ARN", candidates.join(", "))]
    Several {
        /// The name.
        name: String,
        /// Some of those who have it.
        candidates: Vec<String>,
    },
}

/// So much of what is reached is told with its way.
const PATHS_MAX: usize = 5;
/// Of so many one reads who else has a name.
const CANDIDATES_MAX: usize = 5;

impl CanAnswer {
    /// That nothing allows it.
    fn none(identity: String, permission: &str, resource: &str) -> Self {
        Self {
            identity,
            by_role: None,
            people: Vec::new(),
            permission: permission.to_owned(),
            resource: resource.to_owned(),
            answer: Can::ImplicitDeny,
            statement: Vec::new(),
            only_if: Vec::new(),
            warning: None,
            usage: None,
        }
    }
}

/// What is said of answers about a permission that is not known.
#[must_use]
pub fn doubt(permission: &str) -> Option<String> {
    Catalog::known()?.doubt(permission)
}

impl Atlas {
    /// The node that somebody means: by an ARN, the end of one, the name of somebody outside, or `admin` and perhaps the
    /// number of the account.
    ///
    /// # Errors
    /// When nobody is meant, or several could be.
    pub fn find(&self, name: &str) -> Result<NodeId, NameError> {
        if let Some(known) = self.estate.find(name) {
            return Ok(self.analysis.principal(known));
        }
        let exact = self.placed().map(|(node, _)| node).find(|node| self.name(*node) == name);
        if let Some(node) = exact {
            return Ok(node);
        }
        let shown = self.placed().filter(|(_, node)| !node.passage).map(|(node, _)| node);
        let is_meant = |node: &NodeId| {
            let full = self.name(*node);
            full.strip_suffix(name).is_some_and(|before| before.ends_with(['/', ':', ' ']))
        };
        let by_word = |node: &NodeId| match self.analysis.place(*node) {
            Some(Place::Administration(account)) => {
                let number = self.estate.account(*account).map_or("", |account| &account.id);
                name == "admin" || name == format!("admin:{number}")
            }
            _ => false,
        };
        let meant: Vec<NodeId> = shown.filter(|node| is_meant(node) || by_word(node)).collect();
        match &*meant {
            [] => Err(NameError::Unknown(name.to_owned())),
            [one] => Ok(*one),
            several => Err(NameError::Several {
                name: name.to_owned(),
                candidates: several.iter().take(CANDIDATES_MAX).map(|node| self.name(*node)).collect(),
            }),
        }
    }

    /// The node that a way is to lead to: `admin` is the administration of the own account of who begins, where that is
    /// a user or a role.
    ///
    /// # Errors
    /// As [`Self::find`].
    pub fn find_goal(&self, name: &str, from: NodeId) -> Result<NodeId, NameError> {
        let begins = self.principal_of(from).and_then(|id| self.estate.principal(id));
        let has_own = |kind| matches!(kind, PrincipalKind::User | PrincipalKind::Role);
        match begins.filter(|one| name == "admin" && has_own(one.kind)) {
            Some(own) => Ok(self.analysis.administration(own.account)),
            None => self.find(name),
        }
    }

    /// The nodes that stand for something.
    fn placed(&self) -> impl Iterator<Item = (NodeId, Node)> {
        self.analysis.graph.nodes().filter(|(node, _)| self.analysis.place(*node).is_some())
    }

    /// The principal of a node, where it is one.
    #[must_use]
    pub fn principal_of(&self, node: NodeId) -> Option<PrincipalId> {
        match self.analysis.place(node)? {
            Place::Principal(id) => Some(*id),
            _ => None,
        }
    }

    /// Whether a principal has a permission on a resource, or on some that match a pattern; a person of Identity Center
    /// by the role that answers best.
    #[must_use]
    pub fn can(&self, id: PrincipalId, permission: &str, resource: &str) -> Option<CanAnswer> {
        let answer = self.answer(id, permission, resource)?;
        Some(CanAnswer { warning: doubt(permission), ..answer })
    }

    fn answer(&self, id: PrincipalId, permission: &str, resource: &str) -> Option<CanAnswer> {
        let principal = self.estate.principal(id)?;
        if !principal.is_of_center() {
            return self.explain(|explainer| explainer.can(id, permission, resource));
        }
        let roles = self.estate.roles_of_person(id);
        let best = self.explain(|explainer| {
            let answers = roles.iter().filter_map(|one| explainer.can(one.role, permission, resource));
            answers.min_by(|one, other| (one.answer, &one.identity).cmp(&(other.answer, &other.identity)))
        });
        let identity = principal.arn().to_owned();
        Some(match best {
            Some(best) => CanAnswer { by_role: Some(best.identity), identity, people: Vec::new(), ..best },
            None => CanAnswer::none(identity, permission, resource),
        })
    }

    /// Who has a permission on a resource, for sure or perhaps, by account, kind and ARN.
    #[must_use]
    pub fn who_can(&self, permission: &str, resource: &str) -> Vec<CanAnswer> {
        let interest = Interest::new(&[permission]);
        let wanted = interest.of(permission);
        let policies = self.estate.policies().map(|(_, policy)| {
            // What cannot be read may allow it.
            policy.document.document().is_none_or(|document| interest.allowed(document).holds(&wanted))
        });
        let allowing: Vec<bool> = policies.collect();
        // The policy of the resource may let in whom no policy of its own does.
        let guarded = self.estate.guard(resource).is_some() || self.estate.find(resource).is_some();
        let likely = |id: &PrincipalId| {
            self.estate.principal(*id).is_some_and(|principal| {
                let mut own = principal.policies.iter();
                let held = own.any(|id| allowing.get(id.0 as usize).copied().unwrap_or(true));
                principal.kind != PrincipalKind::Group && (guarded || held)
            })
        };
        let ids = self.estate.principals().map(|(id, _)| id).filter(likely);
        self.explain(|explainer| {
            let answers = ids.filter_map(|id| explainer.can(id, permission, resource));
            answers.filter(|one| matches!(one.answer, Can::Allow | Can::OnlyIf | Can::Unknown)).collect()
        })
    }

    /// What a node reaches: what adds most to its blast radius first, which is its weight times how well it is reached.
    /// The first few come with their ways. Where the used part of the graph is known, each says whether it was come to.
    #[must_use]
    pub fn reached(&self, from: NodeId, filter: &Filter, used: Option<&UsedWays<'_>>) -> Vec<ReachAnswer> {
        let taken = used.map(|used| used.reached(from, filter));
        let graph = &self.analysis.graph;
        let reached = reach(graph, from, filter);
        let weights = &self.rating.weights;
        let found = heaviest(weights, &reached, reached.count());
        let path = |to: NodeId| best_path(graph, from, to, filter).map(|path| path.edges).unwrap_or_default();
        let paths: Vec<Vec<Edge>> = found.iter().take(PATHS_MAX).map(|(to, ..)| path(*to)).collect();
        let mut paths = answers::ways(self, &paths).into_iter().map(|path| path.hops);
        let told = |(node, best, _): (NodeId, Best, u64)| ReachAnswer {
            to: self.name(node),
            level: best.level.word().to_owned(),
            conditions: best.conditions,
            weight: weights.weights.get(node.0 as usize).copied().unwrap_or(0),
            path: paths.next().unwrap_or_default(),
            usage: taken.as_ref().map(|taken| taken(node)),
        };
        found.into_iter().map(told).collect()
    }

    /// The best ways from a node to another, up to a count.
    #[must_use]
    pub fn ways(&self, from: NodeId, to: NodeId, filter: &Filter, count: usize) -> Vec<PathAnswer> {
        let paths = best_paths(&self.analysis.graph, from, to, filter, count);
        let edges: Vec<Vec<Edge>> = paths.into_iter().map(|path| path.edges).collect();
        answers::ways(self, &edges)
    }

    /// A filter that leaves out a node, or all steps by a method.
    ///
    /// # Errors
    /// When it is neither.
    pub fn avoiding(&self, names: &[String]) -> Result<Filter, NameError> {
        let mut filter = Filter::default();
        for name in names {
            let place = self.rules.all().iter().position(|rule| *rule.id == **name);
            match place {
                Some(place) => filter.avoid_edges.extend(self.analysis.edges_by(place)),
                None => drop(filter.avoid_nodes.insert(self.find(name)?)),
            }
        }
        Ok(filter)
    }

    /// All nodes, in order.
    pub fn shown(&self) -> impl Iterator<Item = Shown> {
        let account = |id| self.estate.account(id).map_or("", |account| &account.id).to_owned();
        let shown = move |node: NodeId| {
            let place = self.analysis.place(node);
            let (kind, account) = match place {
                Some(Place::Principal(id)) => match self.estate.principal(*id) {
                    Some(principal) => (principal.kind.word(), account(principal.account)),
                    None => ("Unknown", String::new()),
                },
                Some(Place::Resource(at)) => {
                    let resource = self.estate.resource(*at);
                    ("Resource", resource.map_or("", |one| &one.account).to_owned())
                }
                Some(Place::Administration(id)) => ("Administration", account(*id)),
                Some(Place::Outside(_)) => ("Outside", String::new()),
                Some(Place::Variant(_) | Place::Pool(_) | Place::Changed(_)) | None => {
                    ("Passage", String::new())
                }
            };
            Shown {
                id: self.id(node),
                kind: kind.to_owned(),
                name: self.name(node),
                account,
                blast_weight: self.rating.radius(node).numerator,
                exposure: self.rating.exposure(node),
                tier_zero: self.rating.tier_zero.contains(node.0 as usize),
            }
        };
        self.placed().map(move |(node, _)| shown(node))
    }

    /// All edges, in order.
    pub fn connected(&self) -> impl Iterator<Item = Connected> {
        let connected = |edge: Edge| {
            let cause = self.analysis.cause(edge.id);
            Connected {
                from: self.id(edge.from),
                to: self.id(edge.to),
                kind: cause.map_or("Unknown", Cause::word).to_owned(),
                method: cause.map(|cause| answers::method(self, cause).0).unwrap_or_default(),
                only_if: edge.only_if,
            }
        };
        self.analysis.graph.edges().map(connected)
    }

    /// The name of a node, or its number where others may have the same.
    fn id(&self, node: NodeId) -> String {
        match self.analysis.graph.node(node) {
            Some(own) if own.passage => format!("passage {}", node.0),
            Some(_) | None => self.name(node),
        }
    }

    fn explain<T>(&self, ask: impl FnOnce(&Explainer<'_>) -> T) -> T {
        Explainer::with(self, ask)
    }

    fn name(&self, node: NodeId) -> String {
        answers::name(self, node)
    }
}
