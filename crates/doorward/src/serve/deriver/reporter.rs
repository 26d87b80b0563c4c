//! What has become possible, as the deriver tells the writer: findings of the difference to what was reported last, and
//! how much is possible, day by day.
//!
//! Until the first point of the trend is recorded, there is nothing to compare with: what the first imports show is how
//! it was. That point is recorded when no more imports come, and one after each import from then on, and one a day.
//! What changed while no server ran, or was not reported before the last one ended, is compared with what the oldest
//! checkpoint says; the same news by the same change is one finding, however often it is told.

mod baseline;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use doorward_detect::opened::{ChangeSeen, changes, closed, opened};
use doorward_engine::Engine;
use doorward_model::command::{Command, FindingsRaised};
use doorward_model::finding::Finding;
use doorward_model::id::FactNumber;
use doorward_model::inventory::measure::PrivilegeMeasured;
use doorward_model::record::Fact;
use doorward_model::time::{Millis, Time};
use doorward_privilege::atlas::Atlas;
use doorward_privilege::derived::Derived;
use doorward_privilege::measure::measure;
use doorward_privilege::news::{RowRef, news};
use doorward_views::control::Control;

pub(super) use self::baseline::baseline;

/// Tells of what has become possible.
pub(crate) struct Reporter {
    /// Has folded nothing.
    pub(super) blank: Engine,
    /// What was reported last; nothing while there is nothing to compare with.
    before: Option<Before>,
    /// What was told since.
    facts: Vec<Fact>,
    /// The findings that are open, by id.
    open: BTreeMap<String, Finding>,
    /// The last point of the trend.
    last: Option<PrivilegeMeasured>,
    /// When an import was told of since; before the first point, when anything was.
    imported: Option<Instant>,
    /// When that was first.
    begun: Option<Instant>,
    /// So long after the last import no more is expected.
    pub(super) settled: Duration,
}

/// What something is compared with.
enum Before {
    /// What was handed over.
    Derived(Arc<Derived>),
    /// What was so before this run.
    Earlier(Box<Atlas>),
}

impl Before {
    fn atlas(&self) -> &Atlas {
        match self {
            Self::Derived(derived) => &derived.atlas,
            Self::Earlier(atlas) => atlas,
        }
    }
}

/// Has a command carried out, and says whether it was.
pub(super) type Ask<'a> = &'a dyn Fn(Command) -> bool;

impl Reporter {
    /// Goes on from what is known; `blank` is an engine that has folded nothing.
    pub(crate) fn new(control: &Control, blank: Engine) -> Self {
        let is_open = |finding: &&Finding| finding.opened().is_some_and(|opened| opened.closed_at_ms == 0);
        let open = control.findings.values().filter(is_open);
        Self {
            blank,
            before: None,
            facts: Vec::new(),
            open: open.map(|finding| (finding.id.clone(), finding.clone())).collect(),
            last: control.trend.points().next_back().copied(),
            imported: None,
            begun: None,
            settled: SETTLED,
        }
    }

    /// Up to which fact everything has been reported for sure; none where there is nothing to compare with.
    pub(super) fn reported(&self) -> Option<FactNumber> {
        let found = self.open.values().filter_map(Finding::opened).map(|opened| opened.as_of_fact);
        let last = self.last?;
        found.chain([last.as_of_fact]).max().map(FactNumber)
    }

    /// Compares with what was so before this run, and takes what was told since.
    pub(super) fn begin(&mut self, earlier: Atlas, facts: Vec<Fact>) {
        self.before = Some(Before::Earlier(Box::new(earlier)));
        self.facts = facts;
    }

    /// Takes what was told of the inventory.
    pub(super) fn take(&mut self, facts: &[Fact]) {
        // Not each export states a whole account. Until there is something to compare with, all that comes may be a part
        // of what was so before.
        if self.last.is_none() || facts.iter().any(|fact| matches!(fact, Fact::ImportCommitted(_))) {
            let now = Instant::now();
            self.imported = Some(now);
            self.begun.get_or_insert(now);
        }
        if self.last.is_some() {
            self.facts.extend_from_slice(facts);
        }
    }

    /// Whether something that was told of is still to be reported.
    pub(super) fn waits(&self) -> bool {
        !self.facts.is_empty()
    }

    /// Reports what has become possible since the last report, and what is so no more. What cannot be recorded is
    /// reported with what comes next.
    pub(super) fn report(&mut self, derived: &Arc<Derived>, ask: Ask<'_>) {
        if self.last.is_none() {
            return;
        }
        let Some(before) = &self.before else { return self.settle(derived) };
        let seen = changes(&self.facts);
        let rows: Vec<Vec<RowRef>> = seen.iter().map(ChangeSeen::rows).collect();
        let found = news(before.atlas(), &derived.atlas, &rows);
        let raised = found.iter().map(|news| opened(news, &seen));
        let raised: Vec<Finding> = raised.filter(|finding| !self.is_known(finding)).collect();
        let closed = closed(&derived.atlas, &self.open.values().collect::<Vec<_>>());
        if raised.len() > FindingsRaised::FINDINGS_MAX {
            let (found, raised) = (raised.len(), FindingsRaised::FINDINGS_MAX);
            tracing::warn!(found, raised, "more has become possible than is raised at once");
        }
        if !(raised.is_empty() && closed.is_empty()) {
            let found =
                FindingsRaised { raised: raised.clone(), closed: closed.clone(), as_of_fact: derived.fact };
            if !ask(Command::RaiseFindings(Box::new(found))) {
                return;
            }
        }
        closed.iter().for_each(|id| drop(self.open.remove(id)));
        let raised = raised.into_iter().take(FindingsRaised::FINDINGS_MAX);
        self.open.extend(raised.map(|finding| (finding.id.clone(), finding)));
        self.settle(derived);
    }

    /// Whether the same way is told of already, and is open: another look at it tells nothing new.
    fn is_known(&self, finding: &Finding) -> bool {
        let Some(found) = finding.opened() else { return true };
        self.open.values().filter(|known| known.kind == finding.kind).filter_map(Finding::opened).any(
            |known| {
                (&known.cut, &known.to) == (&found.cut, &found.to)
                    && known.count >= found.count
                    && known.sure >= found.sure
            },
        )
    }

    /// What comes is compared with this from now on.
    fn settle(&mut self, derived: &Arc<Derived>) {
        self.before = Some(Before::Derived(Arc::clone(derived)));
        self.facts.clear();
    }

    /// Records how much is possible, if that is due.
    pub(super) fn measure(&mut self, derived: &Arc<Derived>, now: Time, ask: Ask<'_>) {
        let day = |ms: i64| ms.div_euclid(Millis::DAY.0);
        let is_awaited = self.begun.is_none_or(|at| at.elapsed() < AWAITED_MAX);
        let after_import = match (self.imported, self.last) {
            (Some(at), _) if at.elapsed() < self.settled && is_awaited => return,
            (Some(_), _) => true,
            (None, Some(last)) if day(last.at_ms) >= day(now.ms()) => return,
            (None, _) => false,
        };
        let measured = PrivilegeMeasured {
            at_ms: now.ms(),
            as_of_fact: derived.fact.0,
            after_import,
            ..measure(&derived.atlas)
        };
        if ask(Command::MeasurePrivilege(measured)) {
            (self.imported, self.begun) = (None, None);
            if self.last.replace(measured).is_none() {
                self.settle(derived);
            }
        }
    }
}

/// Exports that are taken in one after another are no further apart.
const SETTLED: Duration = Duration::from_secs(5);
/// What comes without a pause is measured after so long at the latest.
const AWAITED_MAX: Duration = Duration::from_secs(600);
