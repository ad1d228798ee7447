import assert from "assert";
import { callsIn } from "../../../bench/report/system_calls.ts";

Deno.test("the table of strace is read, with and without errors, and without the total", () => {
  assert.deepEqual(
    callsIn(`% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 61.90    0.012431          12      1002           epoll_wait
 38.10    0.007652           3      2010       999 recvfrom
------ ----------- ----------- --------- --------- ----------------
100.00    0.020083           6      3012       999 total
`),
    { epoll_wait: 1002, recvfrom: 2010 },
  );
});
