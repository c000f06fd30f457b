//! The sections of INFO: the fields that clients look at. What a node in a process does not have is not told, or is 0.

use super::Lines;
use crate::embedded::commands::client::is_listening;
use crate::embedded::data::Data;
use crate::embedded::server::VERSION;
use crate::embedded::store::weight::weight_bytes;

/// How many keys are looked at for `used_memory`; the others are taken to be like them.
const SAMPLES: usize = 4096;

pub(super) fn server(lines: &mut Lines, data: &Data) {
    let now_ms = data.keyspace.now_ms();
    let up_s = (now_ms - data.identity.started_ms).max(0) / 1000;
    lines.put("redis_version", VERSION);
    lines.put("redis_git_sha1", "00000000");
    lines.put("redis_git_dirty", 0);
    lines.put("redis_build_id", "embedded");
    lines.put("redis_mode", "standalone");
    lines.put("os", format_args!("{} {}", std::env::consts::OS, std::env::consts::ARCH));
    lines.put("arch_bits", usize::BITS);
    // As in a container. The real one would be another in each run.
    lines.put("process_id", 1);
    lines.put("run_id", &data.identity.run_id);
    lines.put("tcp_port", data.server.port().unwrap_or_default());
    lines.put("server_time_usec", now_ms.saturating_mul(1000));
    lines.put("uptime_in_seconds", up_s);
    lines.put("uptime_in_days", up_s / 86_400);
    lines.put("hz", 10);
    lines.put("configured_hz", 10);
    lines.put("config_file", "");
    lines.put("io_threads_active", 0);
}

pub(super) fn clients(lines: &mut Lines, data: &Data) {
    let (watching, watched) = data.watches.counts();
    let members = || data.roster.iter();
    lines.put("connected_clients", data.roster.len());
    lines.put("cluster_connections", 0);
    lines.put("maxclients", data.server.clients_max().unwrap_or(10_000));
    lines.put("blocked_clients", data.blocked.len());
    lines.put("tracking_clients", data.tracking.len());
    lines.put("pubsub_clients", members().filter(|(id, _)| is_listening(data, *id)).count());
    lines.put("watching_clients", watching);
    lines.put("total_watched_keys", watched);
}

/// An estimate from some of the keys.
fn used_bytes(data: &Data) -> usize {
    let (mut seen, mut bytes) = (0_usize, 0_usize);
    for (key, entry) in data.keyspace.iter().take(SAMPLES) {
        (seen, bytes) = (seen + 1, bytes.saturating_add(weight_bytes(key, &entry.value)));
    }
    data.keyspace.len().saturating_mul(bytes.checked_div(seen).unwrap_or_default())
}

pub(super) fn memory(lines: &mut Lines, data: &Data) {
    let used = used_bytes(data);
    lines.put("used_memory", used);
    lines.put("used_memory_human", human(used));
    lines.put("used_memory_dataset", used);
    lines.put("maxmemory", 0);
    lines.put("maxmemory_human", "0B");
    let policy = data.server.settings.get("maxmemory-policy");
    lines.put("maxmemory_policy", policy.map_or("noeviction", String::as_str));
    lines.put("mem_fragmentation_ratio", "1.00");
    lines.put("mem_allocator", "none");
}

/// With one letter, and two digits behind the point.
fn human(bytes: usize) -> String {
    let units = [(30, 'G'), (20, 'M'), (10, 'K')];
    match units.iter().find(|(bits, _)| bytes >> bits > 0) {
        Some((bits, unit)) => {
            let hundredths = bytes.saturating_mul(100) >> bits;
            format!("{}.{:02}{unit}", hundredths / 100, hundredths % 100)
        }
        None => format!("{bytes}B"),
    }
}

pub(super) fn persistence(lines: &mut Lines, data: &Data) {
    lines.put("loading", 0);
    lines.put("async_loading", 0);
    lines.put("rdb_bgsave_in_progress", 0);
    lines.put("rdb_last_save_time", data.server.saved_at.unwrap_or(data.identity.started_ms / 1000));
    lines.put("rdb_last_bgsave_status", "ok");
    lines.put("aof_enabled", 0);
    lines.put("aof_rewrite_in_progress", 0);
    lines.put("aof_last_bgrewrite_status", "ok");
    lines.put("aof_last_write_status", "ok");
}

pub(super) fn stats(lines: &mut Lines, data: &Data) {
    lines.put("total_connections_received", data.server.connections);
    lines.put("total_commands_processed", data.commands);
    lines.put("instantaneous_ops_per_sec", 0);
    lines.put("rejected_connections", data.server.rejected);
    lines.put("evicted_keys", 0);
    lines.put("pubsub_channels", data.hub.channels().count());
    lines.put("pubsub_patterns", data.hub.patterns());
}

/// A primary that has no replicas, of a history of its own.
pub(super) fn replication(lines: &mut Lines, data: &Data) {
    lines.put("role", "master");
    lines.put("connected_slaves", 0);
    lines.put("master_failover_state", "no-failover");
    lines.put("master_replid", data.identity.run_id.chars().rev().collect::<String>());
    lines.put("master_replid2", "0".repeat(40));
    lines.put("master_repl_offset", 0);
    lines.put("second_repl_offset", -1);
    lines.put("repl_backlog_active", 0);
    lines.put("repl_backlog_size", 1_048_576);
    lines.put("repl_backlog_first_byte_offset", 0);
    lines.put("repl_backlog_histlen", 0);
}

/// It is the process's, and not told.
pub(super) fn cpu(lines: &mut Lines, _data: &Data) {
    for name in ["used_cpu_sys", "used_cpu_user", "used_cpu_sys_children", "used_cpu_user_children"] {
        lines.put(name, "0.000000");
    }
}

pub(super) fn keyspace(lines: &mut Lines, data: &Data) {
    let keys = data.keyspace.len();
    if keys > 0 {
        let expiring = data.keyspace.expiring();
        lines.put("db0", format_args!("keys={keys},expires={expiring},avg_ttl=0,subexpiry=0"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_told_to_people_as_redis_does() {
        for (bytes, text) in
            [(0, "0B"), (1023, "1023B"), (1024, "1.00K"), (2_370_752, "2.26M"), (1 << 30, "1.00G")]
        {
            assert_eq!(human(bytes), text);
        }
    }
}
