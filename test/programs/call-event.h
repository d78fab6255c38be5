/* An event of two integers for LTTng-UST, whose macros read this file several times. */
#undef LTTNG_UST_TRACEPOINT_PROVIDER
#define LTTNG_UST_TRACEPOINT_PROVIDER call_cost
#undef LTTNG_UST_TRACEPOINT_INCLUDE
#define LTTNG_UST_TRACEPOINT_INCLUDE "./call-event.h"

#if !defined(CALL_EVENT_H) || defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)
#define CALL_EVENT_H
#include <lttng/tracepoint.h>

LTTNG_UST_TRACEPOINT_EVENT(call_cost, call, LTTNG_UST_TP_ARGS(long, first, long, second),
			   LTTNG_UST_TP_FIELDS(lttng_ust_field_integer(long, first, first)
						       lttng_ust_field_integer(long, second, second)))
#endif

#include <lttng/tracepoint-event.h>
