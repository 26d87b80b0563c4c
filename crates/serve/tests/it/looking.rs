//! What happened is found by the search index as it is without one, only sooner.

use doorward_journal::{Batch, Indexer, Journal, Options, Sqlite};
use doorward_model::event::{Actor, Client, Event};
use doorward_model::id::TenantId;
use doorward_model::record::{Observation, Record};
use doorward_model::time::{Millis, Time};
use doorward_serve::answers::events::{EventRow, Place, Wanted, events};

const START: Time = Time::from_ms(1_764_000_000_000);
const ROWS: u64 = 300;

/// One or two events in a row, of five identities, seven keys, and sessions that share a name.
fn fill(log: &mut Sqlite) {
    let mut n = 0;
    for row in 0..ROWS {
        let recorded_at = START + Millis::MINUTE.times(row.cast_signed());
        let records: Vec<_> = (0..=row % 2)
            .map(|at| {
                n += 1;
                let event = Event {
                    id: format!("event-{n}"),
                    request_id: format!("request-{}", n / 3),
                    happened_at_ms: recorded_at.ms(),
                    actor: Actor { access_key_id: format!("KEY{}", n % 7), ..Actor::default() },
                    client: Client { address: format!("10.0.0.{}", row % 50), ..Client::default() },
                    ..Event::default()
                };
                Record::Observation(Box::new(Observation {
                    n,
                    recorded_at_ms: recorded_at.ms(),
                    identity: format!("identity-{}", (row + at) % 5),
                    told_session: format!("arn:role-{}/ann-{}", row % 3, row % 20),
                    event: event.into(),
                    ..Observation::default()
                }))
            })
            .collect();
        log.append(Batch { records: &records, facts_seen: log.head().fact }).unwrap();
    }
}

/// All that is found, page by page.
fn all(log: &Sqlite, wanted: &Wanted) -> Vec<EventRow> {
    let (mut found, mut place) = (Vec::new(), Some(Place::end(log)));
    while let Some(from) = place {
        let look = events(log, wanted, from, (7, 3)).unwrap();
        assert!(look.next < place, "{:?} does not come before {place:?}", look.next);
        found.extend(look.items);
        place = look.next;
    }
    found
}

#[test]
fn what_is_found_does_not_depend_on_how_far_the_index_is() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = Sqlite::open(folder.path(), &TenantId::from("t"), Options::default()).unwrap();
    fill(&mut log);
    let text = |text: &str| Some(text.to_owned());
    let since = Some(START + Millis::MINUTE.times(200));
    let wanted = [
        Wanted::default(),
        Wanted { identity: text("identity-2"), ..Wanted::default() },
        Wanted { identity: text("identity-2"), since, ..Wanted::default() },
        Wanted { identity: text("nobody"), ..Wanted::default() },
        Wanted { session: text("arn:role-1/ann-4"), ..Wanted::default() },
        Wanted { session: text("ann-4"), ..Wanted::default() },
        Wanted { key: text("KEY3"), identity: text("identity-1"), ..Wanted::default() },
        Wanted { ip: text("10.0.0.49"), until: since, ..Wanted::default() },
        Wanted { request: text("request-9"), ..Wanted::default() },
        Wanted { request: text("event-9"), ..Wanted::default() },
    ];
    let found = |log: &Sqlite| wanted.iter().map(|wanted| all(log, wanted)).collect::<Vec<_>>();
    let expected = found(&log);
    let counts: Vec<_> = expected.iter().map(Vec::len).collect();
    assert_eq!(counts, [450, 90, 30, 0, 5, 15, 15, 8, 3, 1]);

    let mut indexer = Indexer::new(log.follower().unwrap(), folder.path()).unwrap();
    while indexer.step().unwrap() < log.head().position {
        assert_eq!(found(&log), expected);
    }
    assert_eq!(found(&log), expected);
    // And it takes one look where the log would have to be read from end to end.
    let oldest = Wanted { request: text("request-1"), ..Wanted::default() };
    let look = events(&log, &oldest, Place::end(&log), (20, 1)).unwrap();
    assert_eq!((look.items.len(), look.next), (3, None));
}
