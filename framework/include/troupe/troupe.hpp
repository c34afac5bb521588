// Everything of the framework. The ready-made actors have headers of their own (<troupe/queue.hpp>, ...).
#pragma once

#include <troupe/actor.hpp>
#include <troupe/actor_system.hpp>
#include <troupe/available_cpus.hpp>
#include <troupe/errors.hpp>
#include <troupe/exit_status.hpp>
#include <troupe/failure.hpp>
#include <troupe/future.hpp>
#include <troupe/message.hpp>
#include <troupe/options.hpp>
#include <troupe/overload.hpp>
#include <troupe/port.hpp>
#include <troupe/process.hpp>
#include <troupe/promise.hpp>
#include <troupe/relay.hpp>
#include <troupe/shared_array.hpp>
#include <troupe/shared_buffer.hpp>
#include <troupe/shared_value.hpp>
#include <troupe/task.hpp>
#include <troupe/this_actor.hpp>
#include <troupe/timer.hpp>
#include <troupe/wait.hpp>
