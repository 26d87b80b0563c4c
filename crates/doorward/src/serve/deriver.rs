//! What could be done, derived from the inventory while the server runs. A thread of its own takes each fact of the
//! inventory after its commit and folds it into a copy of what is known; then it derives anew and hands the result to
//! the writer, which publishes it. Nobody waits for it.

mod reporter;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use doorward_engine::{derive, derive_rows};
use doorward_journal::Follower;
use doorward_model::command::Command;
use doorward_model::id::FactNumber;
use doorward_model::inventory::AccountExport;
use doorward_model::inventory::row::RowKind;
use doorward_model::record::Fact;
use doorward_model::time::Millis;
use doorward_privilege::atlas::Atlas;
use doorward_privilege::change::Change;
use doorward_privilege::derived::Derived;
use doorward_privilege::rating::TierZero;
use doorward_serve::handle::{Terms, Work};
use doorward_serve::metrics::Metrics;
use doorward_views::control::Control;
use doorward_views::symbols::Symbols;
use tokio::sync::mpsc::WeakSender;
use tokio::sync::oneshot;

use crate::privilege;
use crate::serve::clock;
use crate::serve::deriver::reporter::baseline;

pub(crate) use self::reporter::Reporter;

/// Facts of the inventory that were committed together.
#[derive(Debug)]
pub(crate) struct Told {
    /// The facts, oldest first.
    pub(crate) facts: Vec<Fact>,
    /// The last fact of the log when they were folded.
    pub(crate) fact: FactNumber,
}

/// Derives what could be done.
pub(crate) struct Deriver {
    /// What is known of the inventory.
    control: Control,
    symbols: Symbols,
    /// Where the texts of documents are.
    texts: Follower,
    told: Receiver<Told>,
    /// The rows that were told of since it was derived last.
    rows: Rows,
    /// It must not keep the writer waiting for work when nobody else can ask any more.
    work: WeakSender<Work>,
    metrics: Arc<Metrics>,
    /// What matters most.
    tier_zero: TierZero,
    /// What was handed over, and may still be read: freed here, when nobody does, and never by the writer.
    handed: Vec<Arc<Derived>>,
    /// Tells of what has become possible.
    reporter: Reporter,
}

impl Deriver {
    /// Goes on from what is known of the inventory, with the texts of its documents.
    pub(crate) fn new(
        (control, texts): (Control, Follower),
        told: Receiver<Told>,
        work: WeakSender<Work>,
        metrics: Arc<Metrics>,
        reporter: Reporter,
    ) -> Self {
        let (symbols, rows, handed) = (Symbols::new(0), Rows::Whole, Vec::new());
        let tier_zero = TierZero::Default;
        Self { control, symbols, texts, told, rows, work, metrics, tier_zero, handed, reporter }
    }

    /// Rates by what matters most.
    pub(crate) fn rating(self, tier_zero: TierZero) -> Self {
        Self { tier_zero, ..self }
    }

    /// Works until nobody can tell it anything any more.
    pub(crate) fn run(mut self) {
        self.look_back();
        self.derive();
        loop {
            match self.told.recv_timeout(LOOK_EVERY) {
                Ok(told) => {
                    self.take(told);
                    self.derive();
                }
                // What could not be recorded is tried again.
                Err(RecvTimeoutError::Timeout) if self.reporter.waits() => self.report(),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            self.measure();
            self.free();
        }
    }

    /// Looks in the log for what was not reported before this run.
    fn look_back(&mut self) {
        let Some(reported) = self.reporter.reported() else { return };
        let until = (reported, self.control.fact_number);
        let before = baseline(&self.texts, &self.reporter.blank, until).and_then(|before| {
            let exports = derive(&before.control);
            let known = !before.facts.is_empty() && !exports.is_empty();
            Ok((if known { Some(self.whole(exports)?) } else { None }, before.facts))
        });
        match before {
            Ok((Some(atlas), facts)) => self.reporter.begin(atlas, facts),
            Ok((None, _)) => {}
            Err(error) => {
                let error = format!("{error:#}");
                tracing::warn!(error, "what has become possible before this start is not looked for");
            }
        }
    }

    /// What was derived of all that was told; none where that failed.
    fn newest(&self) -> Option<Arc<Derived>> {
        let is_behind = !matches!(&self.rows, Rows::Some(keys) if keys.is_empty());
        self.handed.last().filter(|_| !is_behind).map(Arc::clone)
    }

    /// Reports what was derived last.
    fn report(&mut self) {
        let Some(derived) = self.newest() else { return };
        let work = self.work.clone();
        self.reporter.report(&derived, &|command| ask(&work, command));
    }

    /// Records how much is possible, if that is due.
    fn measure(&mut self) {
        let Some(derived) = self.newest() else { return };
        let work = self.work.clone();
        self.reporter.measure(&derived, clock(), &|command| ask(&work, command));
    }

    /// Frees what nobody reads any more.
    fn free(&mut self) {
        self.handed.retain(|handed| Arc::strong_count(handed) > 1);
    }

    /// Folds what was told, and what comes soon after it.
    fn take(&mut self, told: Told) {
        let began = Instant::now();
        let mut next = Ok(told);
        while let Ok(Told { facts, fact }) = next {
            self.reporter.take(&facts);
            for fact in &facts {
                self.control.fold(fact, &mut self.symbols);
                self.rows.add(fact);
            }
            self.control.fact_number = fact;
            let wait = if began.elapsed() < GATHER_MAX { QUIET } else { Duration::ZERO };
            next = self.told.recv_timeout(wait);
        }
    }

    /// Derives anew, and hands it over. What fails leaves what was derived before.
    fn derive(&mut self) {
        let began = Instant::now();
        // What fails is derived from the whole, once more comes.
        let rows = std::mem::replace(&mut self.rows, Rows::Whole);
        match self.atlas(rows) {
            Ok(None) => {}
            Ok(Some(atlas)) => {
                self.rows = Rows::Some(BTreeSet::new());
                let derived = Derived { atlas, fact: self.control.fact_number, derived_at: clock() };
                let took = Millis(i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX));
                self.metrics.deriving.done(&derived, took);
                self.hand_over(Arc::new(derived));
                self.report();
            }
            Err(error) => {
                tracing::error!(
                    error = format!("{error:#}"),
                    "privilege cannot be derived from the inventory"
                );
                self.metrics.deriving.fail(format!("{error:#}"));
            }
        }
    }

    /// What follows from all that is known; none where nothing is, and nothing was before.
    fn atlas(&self, rows: Rows) -> Result<Option<Atlas>> {
        let text = |hash| self.texts.blob(hash);
        if let (Rows::Some(keys), Some(before)) = (rows, self.handed.last()) {
            let (mut now, gone) = derive_rows(&self.control, &keys);
            privilege::with_texts(&mut now, text).context(UNREAD)?;
            return Ok(Some(before.atlas.later(&Change { now, gone })?));
        }
        let exports = derive(&self.control);
        if exports.is_empty() && self.handed.is_empty() {
            return Ok(None);
        }
        self.whole(exports).map(Some)
    }

    /// What follows from whole exports, whose policies have no texts yet.
    fn whole(&self, mut exports: Vec<AccountExport>) -> Result<Atlas> {
        privilege::with_texts(&mut exports, |hash| self.texts.blob(hash)).context(UNREAD)?;
        privilege::atlas(exports, &self.tier_zero)
    }

    fn hand_over(&mut self, derived: Arc<Derived>) {
        self.handed.push(Arc::clone(&derived));
        // Without the writer, nobody reads it.
        if let Some(work) = self.work.upgrade() {
            drop(work.blocking_send(Work::Derived(derived)));
        }
    }
}

/// Rows that were told of.
enum Rows {
    /// These, by their keys.
    Some(BTreeSet<(RowKind, Vec<String>)>),
    /// Too many to name them, or a whole statement of an account, which has a date.
    Whole,
}

impl Rows {
    fn add(&mut self, fact: &Fact) {
        let Self::Some(keys) = self else { return };
        keys.extend(fact.row());
        if keys.len() > ROWS_MAX || matches!(fact, Fact::ImportCommitted(_)) {
            *self = Self::Whole;
        }
    }
}

/// Has the writer carry out a command, and says whether it did. While nothing can be recorded it does not.
fn ask(work: &WeakSender<Work>, command: Command) -> bool {
    let (reply, answer) = oneshot::channel();
    let asked = Work::Command { command: Box::new(command), terms: Terms::of(BY), reply };
    // Without the writer, there is nothing to record any more.
    let Some(work) = work.upgrade() else { return false };
    drop(work.blocking_send(asked));
    drop(work);
    match answer.blocking_recv() {
        Ok(Ok(_)) => true,
        Ok(Err(error)) => {
            tracing::warn!(%error, "what has become possible cannot be recorded now: it is tried again");
            false
        }
        Err(_) => false,
    }
}

/// Who gives commands of what was derived.
const BY: &str = "privilege";
const UNREAD: &str = "cannot read the policies in the journal";
/// From more rows on it takes less to derive from all.
const ROWS_MAX: usize = 1_000;
/// How often it looks whether what it handed over is still read.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// After so long without another one, facts are derived from.
const QUIET: Duration = Duration::from_millis(10);
/// And after so long at the latest.
const GATHER_MAX: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::mpsc::{channel, sync_channel};

    use doorward_engine::{Engine, Rules};
    use doorward_intake::{Item, Limits, Reader};
    use doorward_journal::{Options, Sqlite};
    use doorward_model::command::Command;
    use doorward_model::id::TenantId;
    use doorward_model::time::Time;
    use doorward_privilege::answers;
    use serde_json::{Value, json};
    use tokio::sync::mpsc;

    use super::*;
    use crate::serve::kept::Kept;
    use crate::serve::live::Live;
    use crate::writer::Writer;

    const NOW: Time = Time::from_ms(1_800_000_000_000);

    fn live(folder: &Path) -> Live {
        let tenant = TenantId::from("test");
        let journal = Sqlite::open(folder, &tenant, Options::default()).unwrap();
        let writer = Writer::open(journal, Engine::new(tenant, Rules::default(), 1, 7)).unwrap();
        Live::new(writer, Kept::new(folder, 0), 7).unwrap()
    }

    /// Who derives for a writer, and the queue of that.
    fn deriver(live: &mut Live) -> (Deriver, mpsc::Sender<Work>, mpsc::Receiver<Work>) {
        let (tell, told) = channel();
        live.tell(tell);
        let control = &live.writer.engine().state.control;
        let blank = Engine::new(TenantId::from("test"), Rules::default(), 1, 7);
        let mut reporter = Reporter::new(control, blank);
        reporter.settled = Duration::ZERO;
        let control = control.inventory_alone();
        let (work, asked) = mpsc::channel(8);
        let texts = live.writer.journal().follower().unwrap();
        let metrics = Arc::clone(&live.metrics);
        (Deriver::new((control, texts), told, work.downgrade(), metrics, reporter), work, asked)
    }

    /// Takes in an account with one user of this policy.
    fn import(live: &mut Live, action: &str) -> FactNumber {
        let document = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": action, "Resource": "*"},
        ]});
        let user = json!({
            "UserName": "ann", "UserId": "AIDAANN", "Path": "/", "Arn": "arn:aws:iam::111122223333:user/ann",
            "CreateDate": "2026-01-01T00:00:00Z",
            "UserPolicyList": [{"PolicyName": "own", "PolicyDocument": document}],
        });
        let lists =
            ["GroupDetailList", "RoleDetailList", "Policies"].map(|list| (list.to_owned(), json!([])));
        let mut export: serde_json::Map<String, Value> = lists.into_iter().collect();
        export.insert("UserDetailList".to_owned(), json!([user]));
        take_in(live, &Value::Object(export))
    }

    fn take_in(live: &mut Live, export: &Value) -> FactNumber {
        let mut exports = Vec::new();
        let mut reader = Reader::new("test", Limits::default());
        let mut take = |item| match item {
            Item::Export(export) => exports.push(*export),
            other => panic!("{other:?}"),
        };
        reader.push(export.to_string().as_bytes(), &mut take);
        reader.finish(&mut take);
        let command = Command::Import(Box::new(exports.remove(0)));
        live.admit(&command, None, NOW).unwrap().fact
    }

    /// Takes what is told and hands over what follows, as the thread does, and has the writer publish it.
    fn derive(deriver: &mut Deriver, live: &mut Live, asked: &mut mpsc::Receiver<Work>) {
        let told = deriver.told.try_recv().unwrap();
        deriver.take(told);
        deriver.derive();
        let (_made, decisions) = sync_channel(1);
        let round = std::iter::from_fn(|| asked.try_recv().ok()).collect();
        live.round(round, &decisions, NOW).unwrap();
    }

    /// As of which fact the world tells what could be done, and who administers.
    fn told(live: &Live) -> Option<(FactNumber, Vec<bool>)> {
        let world = live.shared().world.load_full();
        let derived = world.privilege.derived.as_ref()?;
        Some((derived.fact, answers::principals(&derived.atlas).iter().map(|one| one.admin).collect()))
    }

    #[test]
    fn what_could_be_done_follows_the_facts_and_the_writer_frees_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mut live = live(folder.path());
        let (mut deriver, _work, mut asked) = deriver(&mut live);
        deriver.derive();
        assert_eq!((asked.try_recv().is_err(), told(&live)), (true, None));
        let changed = |live: &Live| live.shared().world.load().privilege.changed;
        assert_eq!(changed(&live), FactNumber::default());

        let first = import(&mut live, "s3:GetObject");
        assert_eq!((changed(&live), told(&live)), (first, None));
        derive(&mut deriver, &mut live, &mut asked);
        assert_eq!(told(&live), Some((first, vec![false])));

        let before = Arc::downgrade(live.shared().world.load().privilege.derived.as_ref().unwrap());
        let second = import(&mut live, "*");
        assert_eq!(told(&live), Some((first, vec![false])));
        derive(&mut deriver, &mut live, &mut asked);
        assert_eq!((changed(&live), told(&live)), (second, Some((second, vec![true]))));
        assert_eq!(before.strong_count(), 1, "who derived it still has it");
        deriver.free();
        assert_eq!((before.strong_count(), told(&live)), (0, Some((second, vec![true]))));
    }

    /// Lets a deriver do something while the writer does what it asks for.
    fn beside(
        deriver: &mut Deriver,
        live: &mut Live,
        asked: &mut mpsc::Receiver<Work>,
        act: fn(&mut Deriver),
    ) {
        let (_made, decisions) = sync_channel(1);
        std::thread::scope(|scope| {
            let acting = scope.spawn(|| act(deriver));
            while !acting.is_finished() {
                let round = std::iter::from_fn(|| asked.try_recv().ok()).collect();
                live.round(round, &decisions, NOW).unwrap();
            }
            acting.join().unwrap();
        });
    }

    fn follow(deriver: &mut Deriver) {
        let told = deriver.told.try_recv().unwrap();
        deriver.take(told);
        deriver.derive();
        deriver.measure();
    }

    /// The findings, each by who can do what, and how many points the trend has.
    fn reported(live: &Live) -> (Vec<String>, usize) {
        let control = &live.writer.engine().state.control;
        let told = control.findings.values().map(|one| format!("{} {}", one.kind, one.identity));
        (told.collect(), control.trend.points().count())
    }

    #[test]
    fn what_becomes_possible_is_reported_once_there_is_something_to_compare_with() {
        let folder = tempfile::tempdir().unwrap();
        let mut live = live(folder.path());
        let (mut own, _work, mut asked) = deriver(&mut live);
        import(&mut live, "*");
        beside(&mut own, &mut live, &mut asked, follow);
        assert_eq!(reported(&live), (vec![], 1), "the first state is how it was");
        import(&mut live, "s3:GetObject");
        beside(&mut own, &mut live, &mut asked, follow);
        assert_eq!(reported(&live), (vec![], 2));
        import(&mut live, "*");
        beside(&mut own, &mut live, &mut asked, follow);
        let found = vec!["escalation-opened arn:aws:iam::111122223333:user/ann".to_owned()];
        assert_eq!(reported(&live), (found.clone(), 3));
        let is_open = |live: &Live| {
            let mut findings = live.writer.engine().state.control.findings.values();
            findings.all(|one| one.opened().is_some_and(|opened| opened.closed_at_ms == 0))
        };
        assert!(is_open(&live));
        import(&mut live, "s3:GetObject");
        beside(&mut own, &mut live, &mut asked, follow);
        assert_eq!((reported(&live), is_open(&live)), ((found, 4), false));
    }

    #[test]
    fn all_parts_of_the_first_inventory_are_how_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let mut live = live(folder.path());
        let (mut own, _work, mut asked) = deriver(&mut live);
        own.reporter.settled = Duration::from_secs(600);
        let policy = json!({"Version": "2012-10-17", "Statement": []}).to_string();
        let bucket = json!({"resource": "arn:aws:s3:::b", "account": "111122223333", "policy": policy});
        take_in(&mut live, &bucket);
        beside(&mut own, &mut live, &mut asked, follow);
        import(&mut live, "*");
        beside(&mut own, &mut live, &mut asked, follow);
        assert_eq!(reported(&live), (vec![], 0), "more may come");
        own.reporter.settled = Duration::ZERO;
        beside(&mut own, &mut live, &mut asked, Deriver::measure);
        assert_eq!(reported(&live), (vec![], 1));
    }

    #[test]
    fn what_became_possible_while_nobody_derived_is_reported_by_the_next_start_and_once() {
        let folder = tempfile::tempdir().unwrap();
        let mut live = live(folder.path());
        let (mut first, _work, mut asked) = deriver(&mut live);
        import(&mut live, "s3:GetObject");
        beside(&mut first, &mut live, &mut asked, follow);
        live.writer.checkpoint().unwrap();
        import(&mut live, "*");
        for _ in 0..2 {
            let (mut next, _work, mut asked) = deriver(&mut live);
            let start = |next: &mut Deriver| {
                next.look_back();
                next.derive();
            };
            beside(&mut next, &mut live, &mut asked, start);
            let found = "escalation-opened arn:aws:iam::111122223333:user/ann".to_owned();
            assert_eq!(reported(&live), (vec![found], 1));
        }
    }

    #[test]
    fn what_could_not_be_derived_is_put_down_to_its_change_once_it_can_be() {
        let folder = tempfile::tempdir().unwrap();
        let mut live = live(folder.path());
        let (mut deriver, _work, mut asked) = deriver(&mut live);
        import(&mut live, "s3:GetObject");
        beside(&mut deriver, &mut live, &mut asked, follow);
        let journal = rusqlite::Connection::open(folder.path().join("journal.sqlite")).unwrap();
        import(&mut live, "*");
        journal.execute("UPDATE blob SET packed = CAST(x'00' || packed AS BLOB)", []).unwrap();
        beside(&mut deriver, &mut live, &mut asked, |deriver| {
            follow(deriver);
            deriver.report();
        });
        assert_eq!(reported(&live), (vec![], 1), "nothing is known of it yet");
        journal.execute("UPDATE blob SET packed = substr(packed, 2)", []).unwrap();
        beside(&mut deriver, &mut live, &mut asked, |deriver| {
            deriver.derive();
            deriver.measure();
        });
        let found = "escalation-opened arn:aws:iam::111122223333:user/ann".to_owned();
        assert_eq!(reported(&live), (vec![found], 2));
        let findings = &live.writer.engine().state.control.findings;
        let opened = findings.values().next().and_then(|finding| finding.opened()).unwrap();
        let by: Vec<&str> = opened.changes.iter().map(|change| change.account.as_str()).collect();
        assert_eq!((opened.attributed, by), (true, vec!["111122223333"]));
    }

    #[test]
    fn a_start_goes_on_from_what_is_known_and_ends_with_its_writer() {
        let folder = tempfile::tempdir().unwrap();
        let last = import(&mut live(folder.path()), "*");
        let mut live = live(folder.path());
        let (deriver, _work, mut asked) = deriver(&mut live);
        let thread = std::thread::spawn(move || deriver.run());
        let Some(Work::Derived(derived)) = asked.blocking_recv() else { panic!() };
        assert_eq!((derived.fact, derived.is_empty()), (last, false));
        drop(live);
        thread.join().unwrap();
    }

    #[test]
    fn what_cannot_be_derived_is_told_and_leaves_what_was_before() {
        let folder = tempfile::tempdir().unwrap();
        let mut live = live(folder.path());
        let (mut deriver, _work, mut asked) = deriver(&mut live);
        let first = import(&mut live, "s3:GetObject");
        derive(&mut deriver, &mut live, &mut asked);
        let second = import(&mut live, "*");
        let broken = rusqlite::Connection::open(folder.path().join("journal.sqlite")).unwrap();
        broken.execute("UPDATE blob SET packed = x'00'", []).unwrap();
        derive(&mut deriver, &mut live, &mut asked);
        assert_eq!(told(&live), Some((first, vec![false])));
        let row = live.metrics.deriving.row(&live.shared().world.load().privilege).unwrap();
        let error = row.error.unwrap();
        assert!(error.starts_with("cannot read the policies in the journal: "), "{error}");
        assert_eq!((row.seen, row.behind), (first.0, true));
        assert!(second > first);
    }
}
