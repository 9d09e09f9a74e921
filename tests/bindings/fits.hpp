// What a word of a definition says of a type of C. Each `fits<T>` is true where the header's type T
// is one that the word describes; names of parameters and `const` on values do not matter.
#include <stddef.h>

namespace siding {

template <class T, class U>
struct same {
  static constexpr bool value = false;
};
template <class T>
struct same<T, T> {
  static constexpr bool value = true;
};

template <class T>
struct bare {
  using type = T;
};
template <class T>
struct bare<const T> {
  using type = T;
};
template <class T>
struct bare<volatile T> {
  using type = T;
};
template <class T>
struct bare<const volatile T> {
  using type = T;
};

struct nothing {};

template <class T>
struct target {
  static constexpr bool is_pointer = false;
  static constexpr bool is_const = false;
  using type = nothing;
};
template <class T>
struct target<T *> {
  static constexpr bool is_pointer = true;
  static constexpr bool is_const = !same<T, typename bare<T>::type>::value;
  using type = typename bare<T>::type;
};

template <class T, bool is_number = __is_arithmetic(T) || __is_enum(T)>
struct number {
  static constexpr size_t size = 0;
};
template <class T>
struct number<T, true> {
  static constexpr size_t size = sizeof(T);
};

/** An integer; whether an enum and `char` have a sign is up to the compiler. */
template <size_t size, bool is_signed>
struct integer {
  template <class T>
  static constexpr bool fits() {
    constexpr bool is_either = __is_enum(T) || same<T, char>::value;
    return !__is_floating_point(T) && number<T>::size == size &&
           (is_either || __is_signed(T) == is_signed);
  }
};

template <size_t size>
struct real {
  template <class T>
  static constexpr bool fits() {
    return __is_floating_point(T) && number<T>::size == size;
  }
};

/** Exactly this type: `void`, `bool`, `long`. */
template <class Exact>
struct exactly {
  template <class T>
  static constexpr bool fits() {
    return same<T, Exact>::value;
  }
};

struct any_pointer {
  template <class T>
  static constexpr bool fits() {
    return target<T>::is_pointer;
  }
};

/** A pointer to `Tag`, or the type of pointer that C calls `Tag`. */
template <class Tag>
struct tagged {
  template <class T>
  static constexpr bool fits() {
    return target<T>::is_pointer &&
           (same<T, Tag>::value || same<typename target<T>::type, Tag>::value);
  }
};

/** A text of units of so many bytes; C calls some of them `void *`. */
template <size_t unit>
struct text {
  template <class T>
  static constexpr bool fits() {
    using Unit = typename target<T>::type;
    return same<Unit, void>::value || (number<Unit>::size == unit && !same<Unit, bool>::value);
  }
};

/** Memory that C writes to, so not `const`. */
struct writable {
  template <class T>
  static constexpr bool fits() {
    return target<T>::is_pointer && !target<T>::is_const;
  }
};

template <class Inner>
struct pointer_to {
  template <class T>
  static constexpr bool fits() {
    return target<T>::is_pointer && Inner::template fits<typename target<T>::type>();
  }
};

/** A cell that C fills or changes. */
template <class Inner>
struct cell {
  template <class T>
  static constexpr bool fits() {
    return writable::fits<T>() && pointer_to<Inner>::template fits<T>();
  }
};

template <class Inner, size_t length>
struct array {
  template <class T>
  static constexpr bool fits() {
    return of(static_cast<T *>(nullptr));
  }
  template <class Element>
  static constexpr bool of(Element (*)[length]) {
    return Inner::template fits<typename bare<Element>::type>();
  }
  template <class Element>
  static constexpr bool of(Element *) {
    return Inner::template fits<Element>();
  }
};

template <class... Words>
struct list_of {};

template <class WordList, class TypeList>
struct each {
  static constexpr bool fit = false;
};
template <>
struct each<list_of<>, list_of<>> {
  static constexpr bool fit = true;
};
template <class Word, class... Words, class Type, class... Types>
struct each<list_of<Word, Words...>, list_of<Type, Types...>> {
  static constexpr bool fit = Word::template fits<typename bare<Type>::type>() &&
                              each<list_of<Words...>, list_of<Types...>>::fit;
};

template <size_t index, class... Types>
struct nth {
  using type = nothing;
};
template <class Type, class... Types>
struct nth<0, Type, Types...> {
  using type = typename bare<Type>::type;
};
template <size_t index, class Type, class... Types>
struct nth<index, Type, Types...> {
  using type = typename nth<index - 1, Types...>::type;
};

template <class T>
struct signature {
  static constexpr int count = -1;
  static constexpr bool is_variadic = false;
  using result = nothing;
  using types = list_of<nothing>;
  template <size_t index>
  using parameter = nothing;
};
template <class Result, class... Types>
struct signature<Result(Types...)> {
  static constexpr int count = sizeof...(Types);
  static constexpr bool is_variadic = false;
  using result = typename bare<Result>::type;
  using types = list_of<Types...>;
  template <size_t index>
  using parameter = typename nth<index, Types...>::type;
};
template <class Result, class... Types>
struct signature<Result(Types..., ...)> : signature<Result(Types...)> {
  static constexpr bool is_variadic = true;
};

template <class Result, class... Words>
struct function {
  template <class T>
  static constexpr bool fits() {
    using Signature = signature<typename target<T>::type>;
    return Result::template fits<typename Signature::result>() &&
           each<list_of<Words...>, typename Signature::types>::fit;
  }
};

} // namespace siding
