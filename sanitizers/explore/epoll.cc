// The interest lists of epoll descriptions.
#include <errno.h>

#include "descriptors.h"
#include "execution.h"

namespace reveille::explore {
namespace {

constexpr int kMostItems = 1024;
// How deep epolls may watch epolls.
constexpr int kDeepest = 5;

constinit EpollItem g_items[kMostItems];
constinit int g_item_end = 0;  // items from here on were never used

uint32_t Wanted(const EpollItem& item) {
  // Errors and hang-ups are reported whether asked for or not.
  return item.events | EPOLLERR | EPOLLHUP;
}

// Whether there was an edge that the watcher asked for and was not told of.
// Once there was one, he is told all that is true by then. Who asks for nothing
// but errors and hang-ups takes them from both sides.
bool HasNews(const EpollItem& item, const Description& target) {
  const uint32_t in = item.events & (EPOLLIN | EPOLLRDNORM | EPOLLRDHUP);
  const uint32_t out = item.events & (EPOLLOUT | EPOLLWRNORM);
  const bool either = in == 0 && out == 0;
  return ((in != 0 || either) && target.edges_in != item.seen_in) ||
         ((out != 0 || either) && target.edges_out != item.seen_out);
}

uint32_t Reportable(const EpollItem& item) {
  if (!item.used || item.disarmed) return 0;
  const Description& target = DescriptionAt(item.target);
  if ((item.events & EPOLLET) != 0 && !HasNews(item, target)) return 0;
  return ReadinessOf(target) & Wanted(item);
}

EpollItem* Find(int epoll, int descriptor, int target) {
  for (int i = 0; i < g_item_end; ++i) {
    EpollItem& item = g_items[i];
    if (item.used && item.epoll == epoll && item.descriptor == descriptor &&
        item.target == target) {
      return &item;
    }
  }
  return nullptr;
}

EpollItem* NewItem() {
  for (int i = 0; i < g_item_end; ++i) {
    if (!g_items[i].used) return &g_items[i];
  }
  return g_item_end == kMostItems ? nullptr : &g_items[g_item_end++];
}

void Arm(EpollItem* item, const epoll_event& event) {
  item->events = event.events;
  item->data = event.data;
  item->disarmed = false;
  // What is ready already counts as an edge.
  item->seen_in = DescriptionAt(item->target).edges_in - 1;
  item->seen_out = DescriptionAt(item->target).edges_out - 1;
}

bool WouldLoop(int epoll, int target, int depth) {
  if (target == epoll || depth > kDeepest) return true;
  for (int i = 0; i < g_item_end; ++i) {
    const EpollItem& item = g_items[i];
    if (item.used && item.epoll == target &&
        WouldLoop(epoll, item.target, depth + 1)) {
      return true;
    }
  }
  return false;
}

int Add(int epoll, int descriptor, int target, const epoll_event& event) {
  if (Find(epoll, descriptor, target) != nullptr) return EEXIST;
  if (WouldLoop(epoll, target, 0)) return ELOOP;
  EpollItem* item = NewItem();
  if (item == nullptr) return ENOSPC;
  *item = {};
  item->used = true;
  item->epoll = epoll;
  item->target = target;
  item->descriptor = descriptor;
  Arm(item, event);
  return 0;
}

}  // namespace

int ControlEpoll(Description* epoll, int operation, int descriptor,
                 const epoll_event* event) {
  const Description* target = DescriptionOf(descriptor);
  if (target == nullptr) return EBADF;
  const int number = NumberOf(epoll);
  if (operation == EPOLL_CTL_ADD) {
    return Add(number, descriptor, NumberOf(target), *event);
  }
  EpollItem* item = Find(number, descriptor, NumberOf(target));
  if (item == nullptr) return ENOENT;
  if (operation == EPOLL_CTL_DEL) {
    item->used = false;
  } else if (operation == EPOLL_CTL_MOD) {
    Arm(item, *event);
  } else {
    return EINVAL;
  }
  return 0;
}

bool EpollIsReady(const Description& epoll) {
  const int number = NumberOf(&epoll);
  for (int i = 0; i < g_item_end; ++i) {
    const EpollItem& item = g_items[i];
    if (item.used && item.epoll == number && Reportable(item) != 0) return true;
  }
  return false;
}

int HarvestEpoll(Description* epoll, epoll_event* events, int most) {
  const int number = NumberOf(epoll);
  const uint32_t first = epoll->epoll_cursor;
  int count = 0;
  for (int i = 0; i < g_item_end && count < most; ++i) {
    // Begins behind the last one reported, so that nobody starves.
    const int index = static_cast<int>((first + static_cast<uint32_t>(i)) %
                                       static_cast<uint32_t>(g_item_end));
    EpollItem& item = g_items[index];
    if (item.epoll != number) continue;
    const uint32_t ready = Reportable(item);
    if (ready == 0) continue;
    events[count].events = ready;
    events[count].data = item.data;
    ++count;
    item.seen_in = DescriptionAt(item.target).edges_in;
    item.seen_out = DescriptionAt(item.target).edges_out;
    item.disarmed = (item.events & EPOLLONESHOT) != 0;
    epoll->epoll_cursor = static_cast<uint32_t>(index) + 1;
  }
  return count;
}

void ForgetEpollItems(int description) {
  for (int i = 0; i < g_item_end; ++i) {
    EpollItem& item = g_items[i];
    if (item.epoll == description || item.target == description) item = {};
  }
}

void NotifyEpolls(int description) {
  for (int i = 0; i < g_item_end; ++i) {
    const EpollItem& item = g_items[i];
    if (!item.used || item.target != description) continue;
    Description& epoll = DescriptionAt(item.epoll);
    DescriptionChanged(&epoll, Reportable(item) != 0 ? Edge::kIn : Edge::kNone);
  }
}

}  // namespace reveille::explore
