//! Typed keyspaces: `RedPipe`'s own cases (RP-KEYSPACE), and what it lacks, on an embedded node.
#![expect(clippy::unwrap_used, reason = "set-up that fails is a failed test")]

#[expect(dead_code, reason = "all cases of a type at once are for real servers")]
mod keyspaces {
    pub(crate) mod hashes;
    pub(crate) mod keys;
    pub(crate) mod lists;
    pub(crate) mod sets;
    pub(crate) mod sorted_sets;
    pub(crate) mod strings;
}

use keyspaces::{hashes, keys, lists, sets, sorted_sets, strings};
use redfleet_core::test_util::Scripted;
use redfleet_pipe::{Error, Lists, Pipes, Sets, Strings};

/// A node of the test's own.
fn node(name: &str) -> Pipes {
    Pipes::connect(&format!("embedded://keyspaces-{name}")).unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_id_is_the_hash_tag_of_the_key() {
    keys::the_id_is_the_hash_tag_of_the_key(&node("the_id_is_the_hash_tag_of_the_key")).await;
}

#[tokio::test(start_paused = true)]
async fn the_ids_of_a_keyspace_are_scanned() {
    keys::the_ids_of_a_keyspace_are_scanned(&node("the_ids_of_a_keyspace_are_scanned")).await;
}

#[tokio::test(start_paused = true)]
async fn elements_are_sorted_limited_and_stored() {
    keys::elements_are_sorted_limited_and_stored(&node("elements_are_sorted_limited_and_stored")).await;
}

#[tokio::test(start_paused = true)]
async fn elements_are_sorted_by_what_other_keyspaces_hold() {
    keys::elements_are_sorted_by_what_other_keyspaces_hold(&node(
        "elements_are_sorted_by_what_other_keyspaces_hold",
    ))
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_has_no_operands_sends_nothing() {
    keys::what_has_no_operands_sends_nothing(&node("what_has_no_operands_sends_nothing")).await;
}

#[tokio::test(start_paused = true)]
async fn a_value_is_set_read_dumped_restored_and_deleted() {
    strings::a_value_is_set_read_dumped_restored_and_deleted(&node(
        "a_value_is_set_read_dumped_restored_and_deleted",
    ))
    .await;
}

#[tokio::test(start_paused = true)]
async fn keys_are_looked_at_renamed_and_copied() {
    strings::keys_are_looked_at_renamed_and_copied(&node("keys_are_looked_at_renamed_and_copied")).await;
}

#[tokio::test(start_paused = true)]
async fn a_time_to_live_is_set_on_conditions() {
    strings::a_time_to_live_is_set_on_conditions(&node("a_time_to_live_is_set_on_conditions")).await;
}

#[tokio::test(start_paused = true)]
async fn set_has_all_of_its_options() {
    strings::set_has_all_of_its_options(&node("set_has_all_of_its_options")).await;
}

#[tokio::test(start_paused = true)]
async fn numbers_are_counted_and_text_is_changed_in_place() {
    strings::numbers_are_counted_and_text_is_changed_in_place(&node(
        "numbers_are_counted_and_text_is_changed_in_place",
    ))
    .await;
}

#[tokio::test(start_paused = true)]
async fn bits_are_set_counted_and_found() {
    strings::bits_are_set_counted_and_found(&node("bits_are_set_counted_and_found")).await;
}

#[tokio::test(start_paused = true)]
async fn a_keyspace_without_a_name_has_its_ids_as_keys() {
    strings::a_keyspace_without_a_name_has_its_ids_as_keys(&node(
        "a_keyspace_without_a_name_has_its_ids_as_keys",
    ))
    .await;
}

#[tokio::test(start_paused = true)]
async fn scripts_are_called_with_namespaced_keys() {
    strings::scripts_are_called_with_namespaced_keys(&node("scripts_are_called_with_namespaced_keys")).await;
}

#[tokio::test(start_paused = true)]
async fn members_are_added_asked_for_and_taken_out() {
    sets::members_are_added_asked_for_and_taken_out(&node("members_are_added_asked_for_and_taken_out")).await;
}

#[tokio::test(start_paused = true)]
async fn sets_are_added_up_and_taken_from_each_other() {
    sets::sets_are_added_up_and_taken_from_each_other(&node("sets_are_added_up_and_taken_from_each_other"))
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_set_is_scanned_a_page_at_a_time() {
    sets::a_set_is_scanned_a_page_at_a_time(&node("a_set_is_scanned_a_page_at_a_time")).await;
}

#[tokio::test(start_paused = true)]
async fn different_values_are_counted() {
    sets::different_values_are_counted(&node("different_values_are_counted")).await;
}

#[tokio::test(start_paused = true)]
async fn values_are_pushed_popped_and_moved() {
    lists::values_are_pushed_popped_and_moved(&node("values_are_pushed_popped_and_moved")).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_inside_is_looked_at_and_changed() {
    lists::what_is_inside_is_looked_at_and_changed(&node("what_is_inside_is_looked_at_and_changed")).await;
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_is_given_what_comes_and_its_id() {
    lists::whoever_waits_is_given_what_comes_and_its_id(&node(
        "whoever_waits_is_given_what_comes_and_its_id",
    ))
    .await;
}

#[tokio::test(start_paused = true)]
async fn whoever_stops_waiting_takes_nothing_away() {
    lists::whoever_stops_waiting_takes_nothing_away(&node("whoever_stops_waiting_takes_nothing_away")).await;
}

#[tokio::test(start_paused = true)]
async fn members_are_added_with_every_option() {
    sorted_sets::members_are_added_with_every_option(&node("members_are_added_with_every_option")).await;
}

#[tokio::test(start_paused = true)]
async fn members_are_ranked_counted_and_removed() {
    sorted_sets::members_are_ranked_counted_and_removed(&node("members_are_ranked_counted_and_removed"))
        .await;
}

#[tokio::test(start_paused = true)]
async fn spans_are_by_rank_by_score_and_by_member() {
    sorted_sets::spans_are_by_rank_by_score_and_by_member(&node("spans_are_by_rank_by_score_and_by_member"))
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_span_that_would_mean_something_else_is_refused() {
    sorted_sets::a_span_that_would_mean_something_else_is_refused(&node(
        "a_span_that_would_mean_something_else_is_refused",
    ))
    .await;
}

#[tokio::test(start_paused = true)]
async fn sorted_sets_are_added_up_and_taken_from_each_other() {
    sorted_sets::sorted_sets_are_added_up_and_taken_from_each_other(&node(
        "sorted_sets_are_added_up_and_taken_from_each_other",
    ))
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_sorted_set_is_scanned_with_its_scores() {
    sorted_sets::a_sorted_set_is_scanned_with_its_scores(&node("a_sorted_set_is_scanned_with_its_scores"))
        .await;
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_is_given_the_lowest_or_the_highest() {
    sorted_sets::whoever_waits_is_given_the_lowest_or_the_highest(&node(
        "whoever_waits_is_given_the_lowest_or_the_highest",
    ))
    .await;
}

#[tokio::test(start_paused = true)]
async fn fields_are_set_read_counted_and_removed() {
    hashes::fields_are_set_read_counted_and_removed(&node("fields_are_set_read_counted_and_removed")).await;
}

#[tokio::test(start_paused = true)]
async fn fields_of_several_types_are_read_each_by_its_own() {
    hashes::fields_of_several_types_are_read_each_by_its_own(&node(
        "fields_of_several_types_are_read_each_by_its_own",
    ))
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_value_that_its_type_cannot_hold_is_refused_before_anything_is_sent() {
    hashes::a_value_that_its_type_cannot_hold_is_refused_before_anything_is_sent(&node(
        "a_value_that_its_type_cannot_hold_is_refused_before_anything_is_sent",
    ))
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_is_stored_but_is_no_value_is_the_error_of_one_deferred() {
    hashes::what_is_stored_but_is_no_value_is_the_error_of_one_deferred(&node(
        "what_is_stored_but_is_no_value_is_the_error_of_one_deferred",
    ))
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_hash_is_scanned_with_its_values() {
    hashes::a_hash_is_scanned_with_its_values(&node("a_hash_is_scanned_with_its_values")).await;
}

#[tokio::test(start_paused = true)]
async fn fields_live_for_a_time_of_their_own() {
    hashes::fields_live_for_a_time_of_their_own(&node("fields_live_for_a_time_of_their_own")).await;
}

#[tokio::test(start_paused = true)]
async fn one_large_map_lies_over_many_hashes() {
    hashes::one_large_map_lies_over_many_hashes(&node("one_large_map_lies_over_many_hashes")).await;
}

/// RP-ISSUE2, of keyspaces: the one that names its connection has its commands sent there, whatever the pipe is at.
#[tokio::test]
async fn a_keyspace_that_names_its_connection_is_served_there() {
    const HERE: Strings<u64, String> = Strings::new("S");
    const THERE: Strings<u64, String> = HERE.on("there");
    let builder = Pipes::builder().connect("here", "embedded://keyspaces-here").unwrap();
    let pipes = builder.connect("there", "embedded://keyspaces-there").unwrap().build().unwrap();
    let values = pipes
        .run(|p| {
            HERE.set(p, 1, "here");
            THERE.set(p, 1, "there");
            let moved = HERE.get(&mut p.on("there"), 1);
            let own = THERE.get(&mut p.on("here"), 1);
            (HERE.get(p, 1), moved, own)
        })
        .await
        .unwrap();
    let there = Some("there".to_owned());
    assert_eq!(values, (Some("here".to_owned()), there.clone(), there));
    let nowhere = HERE.on("nowhere");
    let unknown = pipes.run(|p| nowhere.get(p, 1)).await.unwrap_err();
    assert!(matches!(unknown, Error::UnknownConnection { .. }), "{unknown}");
    const LIST: Lists<u64, u64> = Lists::new("L").on("nowhere");
    assert!(matches!(LIST.waiting(&pipes, 1).await, Err(Error::UnknownConnection { .. })));
}

#[tokio::test]
async fn a_scan_that_fails_says_so_once_and_ends() {
    use futures::StreamExt;
    const SET: Sets<u64, String> = Sets::new("S");
    let pipes = node("scan-fails");
    pipes.run(|p| Strings::<u64, String>::new("S").set(p, 1, "no set")).await.unwrap();
    let items: Vec<_> = SET.scan(1).stream(&pipes).collect().await;
    assert!(matches!(&items[..], [Err(error)] if error.code() == Some("WRONGTYPE")), "{items:?}");
}

#[tokio::test]
async fn a_stream_asks_for_a_page_when_it_needs_one() {
    use futures::StreamExt;
    const SET: Sets<u64, u64> = Sets::new("S");
    let server = Scripted::new().on("SSCAN", "*2\r\n$1\r\n9\r\n*2\r\n$1\r\n1\r\n$1\r\n2\r\n");
    let stream = SET.scan(1).matching("?").count(2).stream(&Pipes::new(server.shared()));
    assert_eq!(server.round_trips(), 0, "nothing before the first item");
    let items: Vec<u64> = stream.take(5).map(Result::unwrap).collect().await;
    assert_eq!((items, server.round_trips()), (vec![1, 2, 1, 2, 1], 3));
    assert_eq!(server.sent()[..2], ["SSCAN S{1} 0 MATCH ? COUNT 2", "SSCAN S{1} 9 MATCH ? COUNT 2"]);
}

#[tokio::test]
async fn a_scan_of_ids_says_which_keys_and_of_which_type() {
    const SET: Sets<u64, u64> = Sets::new("S*");
    let server = Scripted::new().on("SCAN", "*2\r\n$1\r\n0\r\n*1\r\n$5\r\nS*{7}\r\n");
    let pipes = Pipes::new(server.shared());
    let page = pipes.run(|p| SET.scan_ids().page(p, 0)).await.unwrap();
    assert_eq!((page.items, page.next), (vec![7], None));
    assert_eq!(server.sent(), [r"SCAN 0 MATCH S\*{*} TYPE set"]);
}

#[tokio::test]
async fn each_method_queues_one_command() {
    const S: Strings<u64, String> = Strings::new("S");
    const T: Sets<u64, u64> = Sets::new("T");
    let mut pipe = node("counted").pipe();
    S.get_all(&mut pipe, 1..=100_u64);
    S.delete_all(&mut pipe, 1..=100_u64);
    S.set_all(&mut pipe, (1..=100_u64).map(|id| (id, "x")));
    T.add_all(&mut pipe, 1, 1..=100_u64);
    T.sort(1).descending().queue(&mut pipe);
    T.scan(1).page(&mut pipe, 0);
    S.restore_nx(&mut pipe, 1, b"", None);
    assert_eq!(pipe.len(), 7);
    pipe.clear();
}
