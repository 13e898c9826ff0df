/* The inner loops of train/centres/kmeans_kernel.h, compiled once per instruction set. */
#include "train/centres/kmeans_kernel.h"

#include "train/math/lanes.h"
#include "train/math/product_tile.h"

#include <math.h>

typedef int32_t ivec __attribute__((vector_size(4 * VL)));

static inline vec vec_min(vec a, vec b) {
#if VL == 16
  return (vec)_mm512_min_ps((__m512)a, (__m512)b);
#elif VL == 8
  return (vec)_mm256_min_ps((__m256)a, (__m256)b);
#elif defined(__x86_64__)
  return (vec)_mm_min_ps((__m128)a, (__m128)b);
#else
  vec least;
  for (int i = 0; i < VL; i++)
    least[i] = a[i] < b[i] ? a[i] : b[i];
  return least;
#endif
}

/* Lane j of the result is the least lane of s[j], j < VL; s is used up (compare lanes_sum). */
static inline __attribute__((always_inline)) vec lanes_least(vec s[VL]) {
#define HALVE(w, low, high)                                                                                            \
  _Pragma("GCC unroll 8") for (int j = 0; j < (w); j++) s[j] =                                                         \
      vec_min(__builtin_shufflevector(s[j], s[j + (w)], low), __builtin_shufflevector(s[j], s[j + (w)], high));
  EACH_HALVING(HALVE)
#undef HALVE
  return s[0];
}

/* The least of all lanes. */
static inline real vec_least(vec v) {
#if VL == 16
  return _mm512_reduce_min_ps((__m512)v);
#else
  real least = v[0];
  for (int i = 1; i < VL; i++)
    least = v[i] < least ? v[i] : least;
  return least;
#endif
}

/* v with +inf in the lane `at`, if that is a lane. */
static inline vec without(vec v, int at) {
  ivec lane;
  for (int i = 0; i < VL; i++)
    lane[i] = i;
  ivec mask = lane == at;
  return (vec)(((ivec)v & ~mask) | ((ivec)vec_all(INFINITY) & mask));
}

/* The sum of all lanes, always in the same order. */
static inline real vec_sum(vec v) {
  real lane[VL];
  vec_store(lane, v);
  for (int width = VL / 2; width > 0; width /= 2)
    for (int i = 0; i < width; i++)
      lane[i] += lane[i + width];
  return lane[0];
}

/* A panel holds a better centre for point i, or its own: examines its scores v0, v1. */
static void look(const kmeans_centres *c, lid first, lid count, lid panel, vec v0, vec v1, off i, kmeans_scan *s) {
  lid own = s->slot[i];
  real best = s->best[i];
  if (own >= panel && own < panel + PANEL) { /* its score is `best` already */
    v0 = without(v0, own - panel);
    v1 = without(v1, own - panel - VL);
  }
  real score = vec_least(vec_min(v0, v1)), found = score;
  if (score <= best && score < INFINITY) {
    vec all = vec_all(score);
    uint64_t bits = vec_reaches(all, v0) | (uint64_t)vec_reaches(all, v1) << VL;
    int winner = __builtin_ctzll(bits);
    for (bits &= bits - 1; bits != 0; bits &= bits - 1)
      if (c->name[panel + __builtin_ctzll(bits)] < c->name[panel + winner])
        winner = __builtin_ctzll(bits);
    if (score < best || (own >= 0 && c->name[panel + winner] < c->name[own])) {
      if (s->low != NULL) {
        v0 = without(v0, winner);
        v1 = without(v1, winner - VL);
        score = vec_least(vec_min(v0, v1));
        if (own >= first && own < first + count)
          score = best < score ? best : score;
        else if (own >= 0) {
          s->displaced[s->n_displaced] = (lid)i;
          s->displaced_slot[s->n_displaced] = own;
          s->displaced_best[s->n_displaced++] = best;
        }
      }
      s->best[i] = found;
      s->slot[i] = panel + winner;
    }
  }
  if (s->low != NULL)
    s->low[i] = score < s->low[i] ? score : s->low[i];
}

/* Examines those of the VL points from i0 whose least score in the panel is as low as their best, and updates low[] of
 * the others. Fewer than VL points may be left; lanes beyond `rows` of least are +inf. */
static inline void compare(const kmeans_centres *c, lid first, lid count, lid panel, vec (*sum)[2], int rows, vec least,
                           off i0, kmeans_scan *s) {
  real kept[VL];
  off there = s->m - i0 < VL ? s->m - i0 : VL;
  vec best = vec_all(-INFINITY);
  if (there == VL)
    best = vec_load(s->best + i0);
  else {
    vec_store(kept, best);
    memcpy(kept, s->best + i0, sizeof *kept * (size_t)there);
    best = vec_load(kept);
  }
  unsigned bits = vec_reaches(best, least) & ((1u << rows) - 1);
  if (bits != 0) {
    vec_store(kept, least);
    for (; bits != 0; bits &= bits - 1) {
      int r = __builtin_ctz(bits);
      kept[r] = INFINITY;
      look(c, first, count, panel, sum[r][0], sum[r][1], i0 + r, s);
    }
    least = vec_load(kept);
  }
  if (s->low == NULL)
    return;
  if (there == VL)
    vec_store(s->low + i0, vec_min(vec_load(s->low + i0), least));
  else
    for (off r = 0; r < there; r++)
      s->low[i0 + r] = least[r] < s->low[i0 + r] ? least[r] : s->low[i0 + r];
}

void ISA_NAME(kmeans_scan)(const kmeans_centres *c, lid first, lid count, kmeans_scan *s) {
  s->n_displaced = 0;
  for (off i = 0; s->low != NULL && i < s->m; i++)
    s->low[i] = INFINITY;
  for (lid panel = first; panel < first + count; panel += PANEL) {
    const real *packed = c->packed + (off)panel * c->k;
    vec h0 = vec_load(c->half + panel), h1 = vec_load(c->half + panel + VL);
    for (off i0 = 0; i0 < s->m; i0 += ROWS) {
      int rows = s->m - i0 < ROWS ? (int)(s->m - i0) : ROWS;
      vec sum[ROWS][2];
      if (rows == ROWS)
        product_tile(ROWS, s->x + i0 * s->ldx, s->ldx, 1, packed, c->k, sum);
      else
        product_tile_any(rows, s->x + i0 * s->ldx, s->ldx, packed, c->k, sum);
      for (int r0 = 0; r0 < rows; r0 += VL) {
        vec least[VL];
        int some = rows - r0 < VL ? rows - r0 : VL;
        for (int r = 0; r < VL; r++)
          if (r < some) {
            sum[r0 + r][0] = h0 - sum[r0 + r][0];
            sum[r0 + r][1] = h1 - sum[r0 + r][1];
            least[r] = vec_min(sum[r0 + r][0], sum[r0 + r][1]);
          } else
            least[r] = vec_all(INFINITY);
        compare(c, first, count, panel, sum + r0, some, lanes_least(least), i0 + r0, s);
      }
    }
  }
}

static inline real distance(const real *x, const real *y, int k) {
  vec sum0 = {0}, sum1 = {0};
  int p = 0;
  for (; p + 2 * VL <= k; p += 2 * VL) {
    vec d0 = vec_load(x + p) - vec_load(y + p), d1 = vec_load(x + p + VL) - vec_load(y + p + VL);
    sum0 += d0 * d0;
    sum1 += d1 * d1;
  }
  real rest = 0;
  for (; p < k; p++) {
    real d = x[p] - y[p];
    rest += d * d;
  }
  return vec_sum(sum0 + sum1) + rest;
}

void ISA_NAME(kmeans_distances)(const real *x, off m, off ldx, int k, const real *centre, const lid *of, real *out) {
  for (off i = 0; i < m; i++)
    out[i] = of[i] < 0 ? INFINITY : distance(x + i * ldx, centre + (off)of[i] * k, k);
}

void ISA_NAME(kmeans_own_scores)(const real *x, off ldx, const lid *listed, lid m, int k, const real *centre,
                                 const real *half, const lid *of, real *out) {
  /* Several rows at a time, so that their chains of additions overlap. */
  enum { CHAINS = 8 };
  for (lid i0 = 0; i0 < m; i0 += CHAINS) {
    const real *row[CHAINS], *c[CHAINS];
    real sum[CHAINS] = {0};
    for (int j = 0; j < CHAINS; j++) {
      lid i = listed[i0 + j < m ? i0 + j : m - 1];
      row[j] = x + i * ldx;
      c[j] = centre + (off)of[i] * k;
    }
    for (int p = 0; p < k; p++)
      for (int j = 0; j < CHAINS; j++)
        sum[j] = product_step(row[j][p], c[j][p], sum[j]);
    for (int j = 0; j < CHAINS && i0 + j < m; j++) {
      lid i = listed[i0 + j];
      out[i] = half[of[i]] - sum[j];
    }
  }
}

lid ISA_NAME(kmeans_reached)(const real *bound, real drift, const real *reach, lid m, lid *list) {
  lid n = 0, i = 0;
#if VL == 16
  __m512i place = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  for (; i + VL <= m; i += VL) {
    __m512 left = _mm512_sub_ps(_mm512_loadu_ps(bound + i), _mm512_set1_ps(drift));
    __mmask16 mask = _mm512_cmp_ps_mask(left, _mm512_loadu_ps(reach + i), _CMP_LE_OQ);
    if (mask != 0) {
      _mm512_mask_compressstoreu_epi32(list + n, mask, _mm512_add_epi32(place, _mm512_set1_epi32(i)));
      n += __builtin_popcount(mask);
    }
  }
#else
  for (; i + VL <= m; i += VL) {
    /* Most of the time nothing is reached: one look at VL points. */
    int any = 0;
    for (int j = 0; j < VL; j++)
      any |= bound[i + j] - drift <= reach[i + j];
    for (int j = 0; any && j < VL; j++) {
      list[n] = i + j;
      n += bound[i + j] - drift <= reach[i + j];
    }
  }
#endif
  for (; i < m; i++)
    if (bound[i] - drift <= reach[i])
      list[n++] = i;
  return n;
}

void ISA_NAME(kmeans_nearer)(const real *y, off n, off ldy, int k, const real *c, real *out) {
  for (off j = 0; j < n; j++) {
    real d = distance(y + j * ldy, c, k);
    out[j] = d < out[j] ? d : out[j];
  }
}
