//! What is told of each principal: whether it administers its account, whether it could come to, by which steps, and
//! what is missing where it could not.

mod cuts;
mod names;
mod outside;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use self::cuts::recommended;
pub use self::outside::{OutsideAnswer, outside};

use self::names::Names;
use crate::analysis::{Cause, Evidence, Explainer, Place, Variant};
use crate::atlas::Atlas;
use crate::choke::{Choke, Point};
use crate::estate::{AccountId, Estate, Held, Principal, PrincipalId};
use crate::graph::{Edge, Filter, Level, NodeId};
use crate::reach::Toward;
use crate::usage::{EfficiencyAnswer, StepAnswer};

/// Whether a principal can come to administer an account.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Escalation {
    /// It cannot, as far as is known; or it does already. Who administers one account may come to administer another.
    #[default]
    None,
    /// It could, were something in the account that is not.
    Latent,
    /// It can, as the account is.
    Now,
}

impl Escalation {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::None, Self::Latent, Self::Now];

    /// The word used everywhere.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Latent => "latent",
            Self::Now => "now",
        }
    }
}

/// What is told of a principal.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct PrincipalAnswer {
    /// Its ARN.
    pub arn: String,
    /// Whether it administers its account by its own policies.
    pub admin: bool,
    /// Whether it can come to.
    pub escalation: Escalation,
    /// How much would be lost with it, in percent of all that is known.
    pub blast_radius: f64,
    /// The same before it is divided: weight times how well it is reached, in eightieths.
    pub blast_weight: u64,
    /// Through how many other identities it could be lost.
    pub exposure: u32,
    /// By which ways, the best for each method that can come first; where it is latent, one for each method, with what is
    /// missing.
    pub paths: Vec<PathAnswer>,
    /// The best way to something that matters most, where it can come to administer nothing; empty where there is none, and
    /// for what matters most itself.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub top: Vec<PathAnswer>,
    /// The policies of its own, and those that limit it, that are missing or cannot be read: what they would allow is
    /// not among the answers, and what they would deny is not either.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<String>,
    /// How much of what is granted to it it uses; nothing where no log is known that would show it.
    pub usage: Option<EfficiencyAnswer>,
}

/// A way to the administration of an account.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct PathAnswer {
    /// The method of its first step.
    pub id: String,
    /// The method in words.
    pub name: String,
    /// Its steps.
    pub hops: Vec<HopAnswer>,
    /// What would have to be there; nothing where nothing is missing.
    pub missing: Option<String>,
}

/// A step of a way.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct HopAnswer {
    /// From whom to whom, by which method.
    pub edge: EdgeAnswer,
    /// The statements by which it is allowed.
    pub statement: Vec<String>,
    /// What must hold for it that is not known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub only_if: Vec<String>,
    /// The regions in which it is taken, where it cannot be in all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub regions: Vec<String>,
    /// Whether a log shows that it was taken; absent where that was not asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<StepAnswer>,
}

/// From whom to whom.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct EdgeAnswer {
    /// Who takes the step.
    pub from: String,
    /// What it becomes.
    pub to: String,
    /// The method.
    pub method: String,
    /// The name of the method.
    pub name: String,
}

impl EdgeAnswer {
    /// The method, for people: its name and its id.
    #[must_use]
    pub fn by(&self) -> String {
        by(&self.name, &self.method)
    }
}

/// A method for people, by its name and its id.
#[must_use]
pub fn by(name: &str, id: &str) -> String {
    if name.is_empty() { id.to_owned() } else { format!("\"{name}\" ({id})") }
}

/// So many ways of one principal are told.
const WAYS_MAX: usize = 10;

/// What is told of all principals of an estate, users and roles, by account, kind and ARN.
#[must_use]
pub fn principals(atlas: &Atlas) -> Vec<PrincipalAnswer> {
    let mut all = Vec::new();
    some_principals(atlas, atlas.estate.principals().map(|(id, _)| id), &mut |_, answer| {
        all.push(answer);
        ControlFlow::Continue(())
    });
    all
}

/// What is told of some principals, one after the other, until nothing more is wanted. Of groups nothing is told.
pub fn some_principals(
    atlas: &Atlas,
    ids: impl Iterator<Item = PrincipalId>,
    tell: &mut dyn FnMut(PrincipalId, PrincipalAnswer) -> ControlFlow<()>,
) {
    let accounts = atlas.estate.accounts().map(|(id, _)| id);
    let graph = &atlas.analysis.graph;
    let toward = accounts
        .map(|account| Toward::new(graph, atlas.analysis.administration(account), &Filter::default()));
    let toward = Ways { administration: toward.collect(), top: Some(toward_top(atlas)) };
    Teller::with(atlas, toward, |teller| {
        for (id, answer) in ids.filter_map(|id| Some((id, teller.principal(id)?))) {
            if tell(id, answer).is_break() {
                return;
            }
        }
    });
}

/// Ways that were found, step by step.
pub(crate) fn ways(atlas: &Atlas, ways: &[Vec<Edge>]) -> Vec<PathAnswer> {
    Teller::with(atlas, Ways::default(), |teller| ways.iter().map(|way| teller.path(way)).collect())
}

/// A method by its id.
pub(crate) fn method(atlas: &Atlas, cause: Cause) -> (String, String) {
    Names(atlas).method(cause)
}

/// A node in words.
pub(crate) fn name(atlas: &Atlas, node: NodeId) -> String {
    Names(atlas).name(node)
}

/// Where ways to what matters most can be cut.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct ChokeAnswer {
    /// What is to be cut: a step, or what all have to come through.
    pub cut: String,
    /// The method of the step; empty where it is no step.
    pub method: String,
    /// The name of the method.
    pub name: String,
    /// How to close it; empty where the method does not say.
    pub fix: String,
    /// How many identities have no other way.
    pub cut_off: u32,
    /// By how much the blast radii of all identities fall, in eightieths like `blast_weight`; absent where no log is known, and
    /// behind the first twenty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub removes: Option<u64>,
    /// Whether a log shows that anybody came over it; absent where none is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<StepAnswer>,
}

/// A policy that cannot be read: what depends on it is unknown, and never taken for allowed.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct UnknownAnswer {
    /// The policy.
    pub policy: String,
    /// Why it cannot be read.
    pub why: String,
}

/// The points at which most is cut off, the best first; what only one identity comes through is none.
#[must_use]
pub fn chokes(atlas: &Atlas, count: usize) -> Vec<ChokeAnswer> {
    Teller::with(atlas, Ways::default(), |teller| {
        let points = atlas.rating.chokes.points.iter().filter(|choke| choke.cut_off > 1);
        points.filter_map(|choke| teller.choke(choke)).take(count).collect()
    })
}

/// The policies that are held and cannot be read, in the order of their names.
#[must_use]
pub fn unknown(estate: &Estate) -> Vec<UnknownAnswer> {
    let why = |held: &Held| match held {
        Held::Read(_) => None,
        Held::Unreadable(error) => Some(error.to_string()),
        Held::Missing => Some("it is named, and no export holds it".to_owned()),
    };
    let told = |policy: &crate::estate::Policy| {
        Some(UnknownAnswer { policy: policy.name.to_string(), why: why(&policy.document)? })
    };
    let mut all: Vec<UnknownAnswer> = estate.unread().filter_map(told).collect();
    all.sort_by(|one, other| one.policy.cmp(&other.policy));
    all
}

struct Teller<'a> {
    atlas: &'a Atlas,
    explainer: &'a Explainer<'a>,
    names: Names<'a>,
    toward: Ways,
}

/// Ways that were looked for.
#[derive(Default)]
struct Ways {
    /// To the administration of each account.
    administration: Vec<Toward>,
    /// To whatever matters most.
    top: Option<Toward>,
}

/// The ways to whatever matters most and is nearest.
pub(crate) fn toward_top(atlas: &Atlas) -> Toward {
    let top = atlas.rating.tier_zero.ones().filter_map(|at| u32::try_from(at).ok()).map(NodeId);
    Toward::any_of(&atlas.analysis.graph, top.collect(), &Filter::default())
}

impl Teller<'_> {
    /// Hands a teller to whoever wants to tell.
    fn with<T>(atlas: &Atlas, toward: Ways, tell: impl FnOnce(&Teller<'_>) -> T) -> T {
        Explainer::with(atlas, |explainer| tell(&Teller { atlas, explainer, names: Names(atlas), toward }))
    }

    /// The ways of a principal to the administration of the account that it reaches best, its own before others: the
    /// best by each method that can come first. Of who administers accounts, those to others.
    fn ways(&self, id: PrincipalId, (own, administered): (AccountId, &[AccountId])) -> Vec<Vec<Edge>> {
        let admin = !administered.is_empty();
        let node = NodeId(id.0);
        let accounts = (0u32..).map(AccountId).zip(&self.toward.administration);
        let accounts = accounts.filter(|(account, _)| !administered.contains(account));
        let goals = accounts.filter_map(|(account, toward)| {
            Some(((toward.conditions(node)?, account != own, account), toward))
        });
        let Some(((_, _, account), toward)) = goals.min_by_key(|(key, _)| *key) else { return Vec::new() };
        let goal = self.atlas.analysis.administration(account);
        let mut ways: BTreeMap<String, (u8, usize, Edge)> = BTreeMap::new();
        // What leads only to data leads no further.
        let leading = self.atlas.analysis.graph.edges_from(node).filter(|edge| edge.level == Level::Control);
        for edge in leading {
            let rest = if edge.to == goal { Some(0) } else { toward.conditions(edge.to) };
            let Some((rest, cause)) = rest.zip(self.atlas.analysis.cause(edge.id)) else { continue };
            let shown =
                |edge: &Edge| self.atlas.analysis.graph.node(edge.to).is_some_and(|node| !node.passage);
            let hops = std::iter::once(edge).chain(toward.way(edge.to)).filter(shown).count();
            let key = (rest.saturating_add(u8::from(edge.only_if)), hops, edge);
            let known = ways.entry(self.names.method(cause).0).or_insert(key);
            *known = key.min(*known);
        }
        // Through whom else it could become, only where it cannot by itself.
        let administers = |edge: &Edge| self.atlas.analysis.cause(edge.id) == Some(Cause::Administers);
        if admin && ways.values().any(|(_, _, edge)| !administers(edge)) {
            ways.retain(|_, (_, _, edge)| !administers(edge));
        }
        let mut ways: Vec<_> = ways
            .into_iter()
            .map(|(method, (conditions, hops, edge))| ((conditions, hops, method), edge))
            .collect();
        ways.sort_unstable();
        let whole = |(_, edge): (_, Edge)| std::iter::once(edge).chain(toward.way(edge.to)).collect();
        ways.into_iter().take(WAYS_MAX).map(whole).collect()
    }

    /// The accounts that a principal administers by its own policies; of a person, by those of its roles.
    fn administered(&self, id: PrincipalId) -> Vec<AccountId> {
        let estate = &self.atlas.estate;
        let roles = estate.roles_of_person(id).into_iter().map(|one| one.role);
        let of_account = |id: PrincipalId| {
            estate.principal(id).filter(|_| self.atlas.analysis.is_administrator(id)).map(|one| one.account)
        };
        match estate.principal(id).is_some_and(Principal::is_of_center) {
            true => roles.filter_map(of_account).collect(),
            false => of_account(id).into_iter().collect(),
        }
    }

    fn principal(&self, id: PrincipalId) -> Option<PrincipalAnswer> {
        let principal = self.atlas.estate.principal(id)?;
        if principal.kind == crate::estate::PrincipalKind::Group {
            return None;
        }
        let admin = self.atlas.analysis.is_administrator(id);
        let ways = self.ways(id, (principal.account, &self.administered(id)));
        let latent = || {
            let latent =
                self.atlas.analysis.latent(id).iter().filter(|_| !admin && !principal.is_service_linked());
            latent.map(|latent| PathAnswer {
                id: self.names.rule(latent.rule).0,
                name: self.names.rule(latent.rule).1,
                hops: Vec::new(),
                missing: Some(latent.missing.clone()),
            })
        };
        let (escalation, paths) = if ways.is_empty() {
            let latent: Vec<PathAnswer> = latent().collect();
            (if latent.is_empty() { Escalation::None } else { Escalation::Latent }, latent)
        } else {
            (Escalation::Now, ways.iter().map(|way| self.path(way)).collect())
        };
        let is_told = admin || escalation == Escalation::Now;
        let top = self.toward.top.iter().filter(|_| !is_told).map(|top| top.way(NodeId(id.0)).collect());
        let top = top.filter(|way: &Vec<Edge>| !way.is_empty()).map(|way| self.path(&way)).collect();
        let radius = self.atlas.rating.radius(NodeId(id.0));
        Some(PrincipalAnswer {
            arn: principal.arn().to_owned(),
            admin,
            escalation,
            blast_radius: f64::from(radius.millipercent()) / 1000.0,
            blast_weight: radius.numerator,
            exposure: self.atlas.rating.exposure(NodeId(id.0)),
            paths,
            top,
            unknown: self.unknown(principal),
            usage: None,
        })
    }

    /// What is held by a principal, or limits it, and cannot be read.
    fn unknown(&self, principal: &Principal) -> Vec<String> {
        let estate = &self.atlas.estate;
        let limits =
            estate.account(principal.account).into_iter().flat_map(|account| &account.service_control);
        let own = principal.policies.iter().chain(&principal.boundary).chain(&principal.trust);
        let policies = own.chain(limits.flatten()).filter_map(|id| estate.policy(*id));
        let unread = policies.filter(|policy| policy.document.document().is_none());
        let names: BTreeSet<&str> = unread.map(|policy| &*policy.name).collect();
        names.into_iter().map(str::to_owned).collect()
    }

    fn path(&self, path: &[Edge]) -> PathAnswer {
        let mut hops: Vec<HopAnswer> = Vec::new();
        let mut begun: Vec<(NodeId, Cause)> = Vec::new();
        for edge in path {
            let analysis = &self.atlas.analysis;
            // What a member of a group has of it is told with the step by which it joins.
            let is_joined = matches!(analysis.place(edge.from), Some(Place::Variant(Variant::Joined(..))));
            if begun.is_empty() || is_joined {
                begun.push((edge.from, analysis.cause(edge.id).unwrap_or(Cause::Member)));
            }
            if analysis.graph.node(edge.to).is_some_and(|node| !node.passage) {
                hops.extend(self.hop(&std::mem::take(&mut begun), edge.to));
            }
        }
        let first = path.first().and_then(|edge| self.atlas.analysis.cause(edge.id));
        let (id, name) = self.names.method(first.unwrap_or(Cause::Member));
        PathAnswer { id, name, hops, missing: None }
    }

    /// A step to a node, by where it begins and where it goes on by something else.
    fn hop(&self, begun: &[(NodeId, Cause)], to: NodeId) -> Option<HopAnswer> {
        let ((from, cause), others) = begun.split_first()?;
        let Evidence { statements: mut statement, mut only_if, mut regions } =
            self.explainer.step(*from, *cause, to);
        for (from, cause) in others {
            let evidence = self.explainer.step(*from, *cause, to);
            add_new(&mut statement, evidence.statements);
            add_new(&mut only_if, evidence.only_if);
            add_new(&mut regions, evidence.regions);
        }
        let (method, name) = self.names.method(*cause);
        let edge = EdgeAnswer { from: self.names.name(*from), to: self.names.name(to), method, name };
        Some(HopAnswer { edge, statement, only_if, regions, usage: None })
    }

    fn choke(&self, choke: &Choke) -> Option<ChokeAnswer> {
        let (cut, (method, name), fix) = match choke.point {
            Point::Edge(edge) => {
                let cause = self.atlas.analysis.cause(edge.id)?;
                // What accounts hold and who is in a pool are no statements that could be taken away.
                if !matches!(cause, Cause::Assume | Cause::Rule(..) | Cause::Assigned) {
                    return None;
                }
                let fix = match cause {
                    Cause::Rule(place, _) => {
                        self.atlas.rules.all().get(place as usize).map_or("", |rule| &rule.fix)
                    }
                    _ => "",
                };
                let words = format!("{} -> {}", self.names.name(edge.from), self.names.name(edge.to));
                (words, self.names.method(cause), fix.to_owned())
            }
            Point::Node(node) => {
                if matches!(self.atlas.analysis.place(node)?, Place::Administration(_) | Place::Variant(_)) {
                    return None;
                }
                (self.names.name(node), Default::default(), String::new())
            }
        };
        Some(ChokeAnswer { cut, method, name, fix, cut_off: choke.cut_off, ..ChokeAnswer::default() })
    }
}

/// Adds what is not told yet.
fn add_new(told: &mut Vec<String>, more: Vec<String>) {
    for one in more {
        if !told.contains(&one) {
            told.push(one);
        }
    }
}
