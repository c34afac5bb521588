%% Erlang/OTP: erlang {dist|vm} WORKLOAD. dist: processes on two (W4: three) nodes on this machine,
%% over the distribution protocol on loopback; vm: the same processes inside one node, for reference.
-module(erlang_peer).
-export([main/1, echo/0, produce/5, consume/3, mapper/1, array/0]).

main([Mode, W]) ->
    try run(Mode, W) of
        ok -> halt(0)
    catch C:R:S -> io:format(standard_error, "~p ~p ~p~n", [C, R, S]), halt(3)
    end.

run(M, "W1") -> w1(M);
run(M, "W2") -> stream(M, "W2", 64, q(300000, 2000000), q(400, 3000));
run(M, "W3") -> stream(M, "W3", 1 bsl 20, 4096, q(200, 400));
run(M, "W3b") -> stream(M, "W3b", 64 bsl 10, 65536, q(200, 400));
run(M, "W4") -> w4(M);
run(M, "W5") -> w5(M);
run(M, "W6") -> w6(M, "chunk1", 1, 128), w6(M, "chunk1000", 1000, 4), w6(M, "default", 12500, 4);
run(M, "W7") -> w7(M);
run(M, "W8") -> w8(M).

q(Quick, Full) -> case os:getenv("PEER_QUICK") of false -> Full; _ -> Quick end.
emit(W, Metric, V, Unit) -> io:format("~s,~s,~.6g,~s~n", [W, Metric, float(V), Unit]).
now_ns() -> erlang:monotonic_time(nanosecond).

node_for("vm") -> node();
node_for("dist") ->
    {ok, Pid, Node} = peer:start(#{name => peer:random_name(), host => "127.0.0.1", longnames => true,
        args => ["-pa", filename:dirname(code:which(?MODULE)), "-kernel", "inet_dist_use_interface", "{127,0,0,1}"]}),
    put(peers, [Pid | case get(peers) of undefined -> []; L -> L end]),
    Node.
stop_nodes() -> [peer:stop(P) || P <- case erase(peers) of undefined -> []; L -> L end], ok.

echo() -> receive {From, M} -> From ! M, echo(); stop -> ok end.

w1(Mode) ->
    P = spawn(node_for(Mode), ?MODULE, echo, []),
    Self = self(),
    Call = fun(I) -> B = <<I:64, 0:(56 * 8)>>, P ! {Self, B}, receive B -> ok end end,
    [Call(I) || I <- lists:seq(1, 1000)],
    End = now_ns() + q(300, 500) * 1000000,
    Ns = lists:sort(times(Call, q(4000, 20000), End, now_ns(), [])),
    N = length(Ns),
    emit("W1", "rtt_p50", lists:nth(N div 2, Ns) / 1000, "us"),
    emit("W1", "rtt_p99", lists:nth(N * 99 div 100, Ns) / 1000, "us"),
    stop_nodes().
times(_, 0, _, _, Acc) -> Acc;
times(_, _, End, A, Acc) when A > End -> Acc;
times(Call, N, End, A, Acc) -> Call(N), B = now_ns(), times(Call, N - 1, End, B, [B - A | Acc]).

%% A producer sends {I, Payload} to the sinks in turn until the count or the time is used up.
produce(Sinks, Owner, Size, N, Ms) ->
    receive go -> ok end,
    Sent = produce(Sinks, [], 0, N, now_ns() + Ms * 1000000, binary:copy(<<7>>, Size - 8)),
    [S ! {done, Owner} || S <- Sinks],
    Owner ! {produced, Sent},
    receive after infinity -> ok end.
produce(_, _, N, N, _, _) -> N;
produce([], Used, I, N, End, Rest) -> produce(lists:reverse(Used), [], I, N, End, Rest);
produce([S | Sinks], Used, I, N, End, Rest) ->
    case (I band 63 =:= 0 orelse byte_size(Rest) > 64) andalso now_ns() > End of
        true -> I;
        false -> S ! <<I:64, Rest/binary>>, produce(Sinks, [S | Used], I + 1, N, End, Rest)
    end.
consume(Count, Sum, Size) ->
    receive
        <<I:64, _/binary>> = B when byte_size(B) =:= Size -> consume(Count + 1, Sum + I, Size);
        {done, Owner} -> Owner ! {consumed, Count, Sum}
    end.

fan(Mode, Consumers, Size, N, Ms) ->
    Sinks = [spawn(case {Mode, Consumers} of {"dist", 1} -> node(); _ -> node_for(Mode) end, ?MODULE, consume, [0, 0, Size])
             || _ <- lists:seq(1, Consumers)],
    P = spawn(node_for(Mode), ?MODULE, produce, [Sinks, self(), Size, N, Ms]),
    T0 = now_ns(),
    P ! go,
    Got = [receive {consumed, C, S} -> {C, S} end || _ <- Sinks],
    T = now_ns() - T0,
    Sent = receive {produced, X} -> X end,
    Sent = lists:sum([C || {C, _} <- Got]),
    Sum = Sent * (Sent - 1) div 2,
    Sum = lists:sum([S || {_, S} <- Got]),
    stop_nodes(),
    {Sent, T / 1.0e9}.
stream(Mode, W, Size, N, Ms) ->
    {Sent, T} = fan(Mode, 1, Size, N, Ms),
    case W of
        "W2" -> emit(W, "rate", Sent / T, "msg/s");
        _ -> emit(W, "bandwidth", Sent * Size / T / 1.0e9, "GB/s")
    end.
w4(Mode) ->
    {Sent, T} = fan(Mode, 2, 64, q(100000, 500000), q(300, 1000)),
    emit("W4", "rate", Sent / T, "msg/s").

w5("vm") ->
    N = 100000,
    T0 = now_ns(),
    [begin P = spawn(?MODULE, echo, []), R = monitor(process, P), P ! {self(), hi}, receive hi -> ok end, P ! stop,
           receive {'DOWN', R, _, _, _} -> ok end end || _ <- lists:seq(1, N)],
    emit("W5", "process", (now_ns() - T0) / N / 1.0e6, "ms");
w5("dist") ->
    N = q(2, 4),
    T0 = now_ns(),
    [begin P = spawn(node_for("dist"), ?MODULE, echo, []), P ! {self(), hi}, receive hi -> ok end, stop_nodes() end || _ <- lists:seq(1, N)],
    emit("W5", "node", (now_ns() - T0) / N / 1.0e6, "ms").

sumsq(N) -> sumsq(0, N, 0).
sumsq(N, N, S) -> S;
sumsq(I, N, S) -> sumsq(I + 1, N, S + I * I).
mapper(F) ->
    receive {From, I, Xs} ->
        From ! {self(), I, case F of square -> [X * X || X <- Xs]; sumsq -> [sumsq(X) || X <- Xs] end},
        mapper(F)
    end.
%% Ordered map over two workers, at most Window chunks out, a new one to whichever answers.
pool_map(Ps, Chunks, Window) ->
    {First, Rest} = lists:split(min(Window, length(Chunks)), Chunks),
    lists:foldl(fun({I, C}, [P | Q]) -> P ! {self(), I, C}, Q ++ [P] end, Ps, First),
    Parts = pool_get(Rest, length(First), []),
    lists:append([R || {_, R} <- lists:sort(Parts)]).
pool_get([], 0, Acc) -> Acc;
pool_get(Todo, Out, Acc) ->
    receive {P, I, R} ->
        case Todo of
            [{J, C} | Rest] -> P ! {self(), J, C}, pool_get(Rest, Out, [{I, R} | Acc]);
            [] -> pool_get([], Out - 1, [{I, R} | Acc])
        end
    end.
chunks(_, []) -> [];
chunks(N, L) -> {A, B} = lists:split(min(N, length(L)), L), [{hd(A), A} | chunks(N, B)].
number([], _) -> [];
number([{_, C} | T], I) -> [{I, C} | number(T, I + 1)].
workers(Mode, F) -> [spawn(node_for(Mode), ?MODULE, mapper, [F]) || _ <- [1, 2]].

w6(Mode, Metric, Chunk, Window) ->
    In = lists:seq(0, 99999),
    Chunks = case Chunk of 1 -> [{X, [X]} || X <- In]; _ -> number(chunks(Chunk, In), 0) end,
    Ps = workers(Mode, square),
    pool_map(Ps, [{0, [1]}, {1, [1]}], 2),
    Want = [X * X || X <- In],
    Ts = [begin T0 = now_ns(), Want = pool_map(Ps, Chunks, Window), (now_ns() - T0) / 1.0e9 end || _ <- case Chunk of 1 -> [1]; _ -> [1, 2, 3] end],
    emit("W6", Metric, lists:nth((length(Ts) + 1) div 2, lists:sort(Ts)), "s"),
    stop_nodes().
w7(Mode) ->
    Ns = [5000000, 5010000, 5020000, 5030000, 5040000],
    Ps = workers(Mode, sumsq),
    pool_map(Ps, [{0, [1]}, {1, [1]}], 2),
    Times = [begin
        T0 = now_ns(),
        Want = [sumsq(N) || N <- Ns],
        T1 = now_ns(),
        Want = pool_map(Ps, number([{x, [N]} || N <- Ns], 0), 2),
        {T1 - T0, now_ns() - T1} end || _ <- [1, 2, 3]],
    {Seqs, Pars} = lists:unzip(Times),
    Seq = lists:min(Seqs), Par = lists:min(Pars),
    emit("W7", "speedup", Seq / Par, "x"),
    emit("W7", "seq_tenth", Seq / 1.0e9, "s"),
    emit("W7", "par_tenth", Par / 1.0e9, "s"),
    stop_nodes().

-define(ARRAY_N, 8388608).
array() -> array(<< <<(I * 0.5):64/float-native>> || I <- lists:seq(0, ?ARRAY_N - 1) >>).
array(B) -> receive {From, crc} -> From ! erlang:crc32(B), array(B); {From, array} -> From ! B, array(B) end.
w8(Mode) ->
    P = spawn(node_for(Mode), ?MODULE, array, []),
    P ! {self(), crc}, Crc = receive C -> C end,
    Ts = lists:sort([begin
        T0 = now_ns(),
        P ! {self(), array},
        receive B -> ok end,
        [<<_/float-native>> = binary:part(B, I * 8, 8) || I <- lists:seq(0, ?ARRAY_N - 1, 512)],
        T = (now_ns() - T0) / 1.0e9,
        put(got, B),
        erlang:garbage_collect(),
        T end || _ <- [1, 2, 3]]),
    Crc = erlang:crc32(erase(got)),
    T = lists:nth(2, Ts),
    emit("W8", "array", ?ARRAY_N * 8 / 1.0e9 / T, "GB/s"),
    emit("W8", "array_ms", T * 1000, "ms"),
    stop_nodes().
