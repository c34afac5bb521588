// Certificates by which nodes know each other.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace troupe {

/// Makes a small private authority and a certificate by it for each node, below `folder`:
///
///     authority/certificate.pem, key.pem                  who has this key may make more nodes: keep it
///     NODE/certificate.pem, key.pem, authority.pem        for that node: `cluster_node_options::certificates`
///
/// An authority that is there already is used, so that nodes can be added; a node that is there gets a new key. Keys are
/// readable by their owner only. All are for elliptic curve P-256, and valid from five minutes ago (clocks differ) for
/// `valid_for` from now, the authority ten times as long. Throws `std::invalid_argument` for a name that is no file's name,
/// `std::runtime_error` where something cannot be read or written. Any thread, any process.
void make_certificates(const std::filesystem::path& folder, const std::vector<std::string>& nodes,
                       std::chrono::seconds valid_for = std::chrono::hours{24 * 365});

}  // namespace troupe
